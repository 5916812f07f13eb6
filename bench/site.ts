import { addMember, creditMember } from '../src/members'
import { COMMAND_LINE } from '../src/shared/actor'
import { systemClock } from '../src/shared/clock'
import { newId } from '../src/shared/ids'
import { money } from '../src/shared/money'
import { expectBooksToBalance } from './books'
import { keepCalling } from './callers'
import { makeCheckouts } from './checkouts'
import type { Waiting } from './checkouts'
import type { Child } from './child'
import type { Sample, Workload } from './measure'
import { signIn } from './visitors'
import type { Visitor } from './visitors'
import type { Parts } from '../src/wiring'

const PASSWORD = 'bench-password'

/** Adds members who can sign in, with more points than they can spend here. */
export async function addVisitors(parts: Parts, count: number): Promise<{ memberId: string; login: string }[]> {
  const members = Array.from({ length: count }, async (_, number) => {
    const { id: memberId, login } = await addMember(parts, { login: `bench-${number}`, password: PASSWORD, actor: COMMAND_LINE })
    const credit = { amount: money(100_000_000_00n, 'PTS'), reason: 'The bench', key: newId(), actor: COMMAND_LINE }
    await creditMember(parts, { login, ...credit })
    return { memberId, login }
  })
  return Promise.all(members)
}

export const signInAll = (gateway: Child, members: readonly { memberId: string; login: string }[]): Promise<Visitor[]> =>
  Promise.all(members.map((member) => signIn(gateway.url, { ...member, password: PASSWORD })))

/** Every visitor looks at a page of their own, again and again. */
export function looking(name: string, visitors: readonly Visitor[], seconds: number, pathOf: (visitor: Visitor) => string): Workload {
  const call = async (caller: number): Promise<boolean> => {
    const visitor = visitors[caller] as Visitor
    const { status } = await visitor.get(pathOf(visitor))
    if (status !== 200) throw new Error(`A page of the bench answered ${status}.`)
    return true
  }
  return { name, run: () => keepCalling(call, { callers: visitors.length, seconds }) }
}

/** More confirms than any machine answers in a second. */
const MOST_PER_SECOND = 3_000

/** Every visitor sends one confirm form after the other, each for an invoice that was read a moment ago. */
export function confirming(name: string, parts: Parts, visitors: readonly Visitor[], seconds: number): Workload {
  const run = async (): Promise<Sample> => {
    // Read in the middle of the run to come: an invoice counts as just read for five seconds before and after.
    const readAt = new Date(systemClock.now().getTime() + (seconds * 1_000) / 2)
    const owners = Array.from(
      { length: Math.ceil(MOST_PER_SECOND * seconds) },
      (_, index) => visitors[index % visitors.length]?.memberId ?? '',
    )
    const waiting = new Map<string, Waiting[]>(visitors.map(({ memberId }) => [memberId, []]))
    for (const one of await makeCheckouts(parts, owners, readAt)) waiting.get(one.memberId)?.push(one)
    const call = async (caller: number): Promise<boolean> => {
      const visitor = visitors[caller] as Visitor
      const one = waiting.get(visitor.memberId)?.pop()
      if (!one) return false
      const { status, location } = await visitor.post(`/pay/${one.checkoutId}/confirm`, { consent: one.consent })
      if (status !== 303 || location !== `/pay/${one.checkoutId}`) throw new Error(`A confirm of the bench answered ${status} ${location}.`)
      return true
    }
    return keepCalling(call, { callers: visitors.length, seconds })
  }
  return { name, run }
}

/** A redirect alone does not tell that something was paid, so the books are asked. @throws Error when a payment is not captured or the books do not balance */
export async function expectAllCaptured({ db }: Parts): Promise<void> {
  const open: unknown = await db('payments').whereNot({ state: 'captured' }).first('id', 'state', 'reason')
  if (open) throw new Error(`A payment of the bench was not captured: ${JSON.stringify(open)}`)
  await expectBooksToBalance(db)
}
