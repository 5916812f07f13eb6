import { randomUUID } from 'node:crypto'
import type { Page } from 'playwright-core'
import { creditMember, lockMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { parseMoney } from '../../src/shared/money'
import type { Buyer, World } from '../support/world'

/** The people of the scenes. Each is signed in, but nobody. */
export type Who = 'nobody' | 'anna' | 'boris' | 'vera' | 'rich' | 'newcomer' | 'regular'

export interface Cast {
  readonly world: World
  readonly people: Readonly<Record<Exclude<Who, 'nobody'>, Buyer>>
}

export async function makeCast(world: World): Promise<Cast> {
  const people = {
    anna: await world.member({ login: 'anna', points: '25000.00' }),
    boris: await world.member({ login: 'boris', points: '100.00' }),
    vera: await world.member({ login: 'vera', points: '5000.00' }),
    rich: await world.member({ login: 'rich', points: '9000000.00' }),
    newcomer: await world.member({ login: 'newcomer', points: '0' }),
    regular: await world.member({ login: 'regular', points: '0' }),
  }
  for (const buyer of Object.values(people)) await buyer.signsIn()
  await lockMember(world.parts, { login: 'vera', reason: 'Учётная запись на проверке', actor: COMMAND_LINE })
  for (let day = 1; day <= 60; day++) {
    const amount = parseMoney(`${String(day * 37)}.50`, 'PTS')
    await creditMember(world.parts, {
      login: 'regular',
      amount,
      kind: 'accrual',
      reason: 'Покупка',
      key: randomUUID(),
      actor: COMMAND_LINE,
    })
  }
  return { world, people }
}

/** From now on this person sits before the window. */
export async function seat(page: Page, { world, people }: Cast, who: Who): Promise<void> {
  const value = who === 'nobody' ? undefined : people[who].browser.cookie('gateway')
  await page.context().clearCookies()
  if (value !== undefined) await page.context().addCookies([{ name: 'gateway', value, url: world.url }])
}

// The ways to a state: each goes through the sandbox and the gateway and gives the address where the state is to be seen.

type Wish = { amount?: string } & Record<string, unknown>

/** Arrives with an invoice like this, changed afterwards like that. */
export const arrival =
  (who: Who, wish: Wish = {}, change?: Record<string, unknown>) =>
  async ({ world, people }: Cast): Promise<string> => {
    const invoice = await world.sandbox.invoice({ amount: '10000.00', number: '324', description: 'Сертификат на массаж', ...wish })
    if (change) await world.sandbox.change(invoice, change)
    const page = who === 'nobody' ? await world.browser().open(invoice.partnerUrl) : await people[who].opens(invoice)
    return page.url
  }

/** Presses the button as well. */
export const payment =
  (who: Exclude<Who, 'nobody'>, amount: string) =>
  async ({ world, people }: Cast): Promise<string> => {
    const page = await people[who].pays(await world.sandbox.invoice({ amount, number: '324', description: 'Сертификат на массаж' }))
    world.clock.move(6_000) // Had the fund not reached, new payments would be refused for five seconds.
    return page.url.split('?')[0] ?? ''
  }

export async function changedAmount({ world, people }: Cast): Promise<string> {
  const invoice = await world.sandbox.invoice({ amount: '10000.00', number: '324', description: 'Сертификат на массаж' })
  const ready = await people.anna.opens(invoice)
  await world.sandbox.change(invoice, { amount: '12500.00' })
  await world.passes(6_000) // An invoice that was read within the last five seconds is not read again.
  return (await people.anna.confirms(ready)).url
}

export async function paidByAnother({ world, people }: Cast): Promise<string> {
  const invoice = await world.sandbox.invoice({ amount: '777.01', number: '324', description: 'Сертификат на массаж' })
  const { url } = await people.rich.opens(invoice)
  await people.anna.pays(invoice)
  return url
}
