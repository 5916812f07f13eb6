import { randomUUID } from 'node:crypto'
import { createLedger, verifyLedger } from '../../src/ledger'
import type { Ledger } from '../../src/ledger'
import { addMember, creditMember } from '../../src/members'
import type { Member, MembersDeps } from '../../src/members'
import type { Actor, Author } from '../../src/shared/actor'
import { plus } from '../../src/shared/clock'
import type { Db, Engine } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { parseMoney } from '../../src/shared/money'
import type { Money } from '../../src/shared/money'
import { makeDatabase } from '../support/databases'

export const points = (text: string): Money => parseMoney(text, 'PTS')

export const OPERATOR: Author = { kind: 'system', name: 'test' }

export const PASSWORD = 'correct horse battery'

export const movableClock = (start: string) => {
  let now = new Date(start)
  return { now: () => now, passes: (milliseconds: number) => void (now = plus(now, milliseconds)) }
}

/** The members room on a database of its own, with a clock that stands still until it is moved and a log that is kept. */
export async function makeMembersWorld(engine: Engine) {
  const database = await makeDatabase(engine)
  const db = database.open()
  const clock = movableClock('2026-03-01T09:00:00.000Z')
  const lines: string[] = []
  const log = createLog('trace', { write: (line) => void lines.push(line) })
  const ledger: Ledger = createLedger({ db, clock, log })
  const deps: MembersDeps = { db, ledger, clock, log }
  return {
    db,
    deps,
    clock,
    logged: () => lines.join(''),
    /** The room as another process has it: its own connections to the same database. */
    anotherInstance: (): MembersDeps => {
      const other: Db = database.open()
      return { db: other, ledger: createLedger({ db: other, clock, log }), clock, log }
    },
    /** A new member, under a login that nobody else has, with so many points. */
    member: async (opening?: string): Promise<Member> => {
      const login = `member-${randomUUID()}`
      const member = await addMember(deps, { login, password: PASSWORD, actor: OPERATOR })
      if (opening)
        await creditMember(deps, { login, amount: points(opening), reason: 'Opening balance', key: randomUUID(), actor: OPERATOR })
      return member
    },
    differences: async () => {
      await ledger.idle()
      return verifyLedger(db)
    },
    close: () => database.drop(),
  }
}

export type MembersWorld = Awaited<ReturnType<typeof makeMembersWorld>>

/** The code of the refusal that a promise ends with, or what it gave instead. */
export const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => value,
    (error: unknown) => (error as { code?: unknown }).code ?? error,
  )

export const asMember = (member: Member): Actor => ({ kind: 'member', id: member.id, login: member.login })
