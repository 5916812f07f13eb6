import { randomUUID } from 'node:crypto'
import { beginRun, carryOutRun, listItems } from '../../src/autopay'
import type { RunItem, Scope } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Parts } from '../../src/wiring'
import type { SandboxInvoice } from '../support/sandbox-control'
import type { World } from '../support/world'

/** What the tests of automatic payment do again and again, in the words of the domain. */

export interface Company {
  readonly id: string
  readonly vatNumber: string
  readonly name: string
}

let serial = 0

/** An organisation whose automatic payment is on, unless said otherwise. Amounts in roubles. */
export async function company(
  { db, clock }: World,
  of: { on?: boolean; perDay?: bigint; perMonth?: bigint; steps?: { from: string; approvers: string[] }[]; contacts?: string[] } = {},
): Promise<Company> {
  serial += 1
  const [id, vatNumber] = [randomUUID(), String(7_700_000_000 + serial)]
  await db('organisations').insert({
    id,
    vat_number: vatNumber,
    name: `ООО «Ромашка ${serial}»`,
    per_day: of.perDay === undefined ? null : String(of.perDay * 100n),
    per_month: of.perMonth === undefined ? null : String(of.perMonth * 100n),
    contacts: JSON.stringify(of.contacts ?? []),
    steps: JSON.stringify(of.steps ?? []),
    switch: of.on === false ? 'off' : 'on',
    created_at: clock.now().toISOString(),
  })
  return { id, vatNumber, name: `ООО «Ромашка ${serial}»` }
}

export interface RuleWish {
  readonly do?: 'pay' | 'ask' | 'hold'
  readonly name?: string
  readonly description?: string
  readonly priority?: number
  readonly limits?: Readonly<Record<string, string>>
  readonly validUntil?: string
}

/** A rule that is on. Limits in roubles, as text. @returns its id */
export async function rule({ db, clock }: World, { id: organisationId }: Company, wish: RuleWish = {}): Promise<string> {
  const id = randomUUID()
  const at = clock.now().toISOString()
  serial += 1
  const body = {
    name: wish.name ?? `rule ${serial}`,
    when: wish.description === undefined ? {} : { description: wish.description },
    do: wish.do ?? 'pay',
    limits: wish.limits ?? {},
    priority: wish.priority ?? 1,
    ...(wish.validUntil === undefined ? {} : { validUntil: wish.validUntil }),
  }
  await db('autopay_rules').insert({
    id,
    organisation_id: organisationId,
    name: body.name,
    version: 1,
    state: 'on',
    tried_at: at,
    created_at: at,
  })
  await db('autopay_rule_versions').insert({ rule_id: id, version: 1, body: JSON.stringify(body), at, author: 'system:test' })
  return id
}

/** An invoice that the company is to pay. */
export const bill = (
  world: World,
  { vatNumber, name }: Company,
  of: { amount: string } & Record<string, unknown>,
): Promise<SandboxInvoice> => world.sandbox.invoice({ customer: { type: 'legal', name, vatNumber }, ...of })

/** One whole run, as the command carries it out. */
export async function runs(
  world: World,
  scope: Scope = {},
  parts: Parts = world.parts,
): Promise<{ id: string; problem: string | null; items: RunItem[] }> {
  const run = await beginRun(parts, { author: COMMAND_LINE, scope })
  if (!run) throw new Error('The run was begun before.')
  const problem = await carryOutRun(parts, run)
  return { id: run.id, problem, items: await listItems(world.db, run.id, {}, { limit: 2_000 }) }
}

export const itemOf = (items: readonly RunItem[], invoice: { id: string }): RunItem | undefined =>
  items.find(({ invoiceId }) => invoiceId === invoice.id.toLowerCase())

/** Outcome and the last line of why, such as `waiting over_day`. */
export const told = (items: readonly RunItem[], invoice: { id: string }): string => {
  const item = itemOf(items, invoice)
  return item ? `${item.outcome} ${item.decision} ${item.why.at(-1)?.code ?? ''}` : 'absent'
}
