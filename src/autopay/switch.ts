import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import type { Log } from '../shared/log'
import { may, requirePermission } from '../shared/permissions'
import type { Permission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { AutopaySwitch, Organisation, SwitchState } from './organisation'
import { lockOrganisation, organisationsOf, requireOrganisation, toOrganisation, updateSwitch } from './organisation-store'
import type { OrganisationRow } from './organisation-store'
import { stepsAsText } from './steps'

export interface SwitchDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
}

export interface SwitchOrder {
  readonly state: SwitchState
  /** Undefined means each organisation that the author sees. There is no lock above them all: a new organisation is off like every other one. */
  readonly organisationId?: string | undefined
  readonly author: Author
  readonly reason: string
  /** What a person saw who switches on, by `switchStamp`: a brake that was pulled since is not released by a page of before. Absent where nobody has looked. */
  readonly seen?: string | undefined
}

/** How the switches of these organisations stand, and since when, in one word. */
export const switchStamp = (organisations: readonly Pick<Organisation, 'id' | 'autopay'>[]): string =>
  sha256(canonicalJson(Object.fromEntries(organisations.map(({ id, autopay }) => [id, turnOf(autopay)]))))

const turnOf = ({ state, at }: AutopaySwitch): string => `${state} ${at === null ? '' : iso(at)}`

/** Stopping is for more people than starting. */
const RIGHTS: Readonly<Record<SwitchState, Permission>> = { on: 'autopay.run', off: 'autopay.run', stopped: 'autopay.stop' }

/** Whether somebody may bring a switch into a state. */
export const maySwitch = (author: Author, state: SwitchState): boolean => may(author, RIGHTS[state])

/**
 * Switches automatic payment on, off, or stops it. Nobody has to agree: switching on pays nothing that no rule allows, and off and stop must never wait. What is not `on` is
 * refused in the transaction of each hold (`refuseUnlessOn`), so that once this returns nothing more is held.
 * @returns the ids of those that were changed; whatever is in that state already stays as it is
 * @throws Refusal forbidden, bad_input (detail: reason), not_found (detail: organisation), organisation_changed, and none is switched on, when one of them stands otherwise than was seen
 */
export async function switchAutopay(deps: SwitchDeps, order: SwitchOrder): Promise<string[]> {
  const { state, organisationId, author, seen } = order
  const reason = requireReason(order.reason)
  requirePermission(author, RIGHTS[state])
  const named =
    organisationId === undefined ? await organisationsOf(deps.db, author) : [await requireOrganisation(deps.db, author, organisationId)]
  const isBlind = seen === undefined || state !== 'on'
  if (!isBlind && seen !== switchStamp(named)) throw new Refusal('organisation_changed')
  const orders = named.map(({ id, autopay }) => ({ id, state, author, reason, ...(!isBlind && { seen: autopay }) })).sort(byId)
  // Switched on are all of them or none. A brake must not wait for the last of many organisations, so there each has a transaction of its own.
  const changed: string[] = []
  for (const together of state === 'on' ? [orders] : orders.map((one) => [one]))
    changed.push(...(await inTransaction(deps.db, (tx) => switchThese(tx, together, deps.clock))))
  deps.log.info({ state, organisations: changed.length }, 'automatic payment was switched')
  return changed
}

interface OneOrder extends Pick<SwitchOrder, 'state' | 'author' | 'reason'> {
  readonly id: string
  readonly seen?: AutopaySwitch
}

/** The order in which holds lock organisations as well. */
const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1)

/** @returns the ids of those that were changed. @throws Refusal organisation_changed for one that stands otherwise than was seen */
async function switchThese(tx: Tx, orders: readonly OneOrder[], clock: Clock): Promise<string[]> {
  const changed: string[] = []
  for (const { id, state, author, reason, seen } of orders) {
    const stands = (await lockOrganisation(tx, id))?.autopay
    if (stands === undefined || stands.state === state) continue
    if (seen && turnOf(seen) !== turnOf(stands)) throw new Refusal('organisation_changed')
    const at = clock.now()
    await updateSwitch(tx, id, { state, at, by: authorName(author) })
    const facts = { before: { autopay: stands.state }, after: { autopay: state } }
    await writeAudit(tx, [{ author, at, action: 'autopay_switched', subject: `organisation:${id}`, reason, ...facts }])
    changed.push(id)
  }
  return changed
}

/** By which rule an organisation's invoice is about to be paid. */
export interface RuledHold {
  readonly organisationId: string
  readonly ruleId: string
  readonly version: number
  /** The rules it was chosen among, that one included, by `ruleStamp`. */
  readonly among: ReadonlySet<string>
  /** Tax number, budgets and steps that it was reckoned with. */
  readonly terms: Pick<Organisation, 'vatNumber' | 'perDay' | 'perMonth' | 'steps'>
}

/** A rule in one version. */
export const ruleStamp = ({ id, version }: { readonly id: string; readonly version: number }): string => `${id} ${version}`

/**
 * Refuses a hold whose organisation has been switched off or stopped or has another tax number, other budgets or steps, or whose rule has been switched off or changed, since it was
 * decided on; also one whose organisation has a rule on that was not there then: it may come first, and hold. As a ledger companion it runs in the transaction of the hold and keeps
 * the organisation as it is until that commits, under whose lock its rules change as well, so that a brake that has returned is never overtaken.
 * @throws Refusal autopay_off, rule_off, invoice_not_payable for another tax number, autopay_over_limit for other budgets, autopay_not_signed for other steps
 */
export async function refuseUnlessOn(tx: Tx, holds: readonly RuledHold[]): Promise<void> {
  const ids = holds.map(({ organisationId }) => organisationId)
  const query = tx('organisations').whereIn('id', ids).where({ switch: 'on' }).orderBy('id')
  const rows = (await (engineOf(tx) === 'postgres' ? query.forShare() : query)) as OrganisationRow[]
  const on = new Map(rows.map((row) => [row.id, toOrganisation(row)]))
  // Read once the organisations are locked, not together with them: what was committed while this waited counts.
  const inForce = await rulesInForce(tx, ids)
  for (const { organisationId, ruleId, version, among, terms } of holds) {
    const organisation = on.get(organisationId)
    if (!organisation) throw new Refusal('autopay_off', organisationId)
    const { vatNumber, perDay, perMonth, steps } = organisation
    if (vatNumber !== terms.vatNumber) throw new Refusal('invoice_not_payable', 'the organisation has another tax number')
    if (perDay !== terms.perDay || perMonth !== terms.perMonth) throw new Refusal('autopay_over_limit', 'the budgets have changed')
    if (stepsAsText(steps) !== stepsAsText(terms.steps)) throw new Refusal('autopay_not_signed', 'the steps have changed')
    const standing = inForce.filter((rule) => rule.organisationId === organisationId).map(ruleStamp)
    if (!standing.includes(ruleStamp({ id: ruleId, version }))) throw new Refusal('rule_off', ruleId)
    if (standing.some((stamp) => !among.has(stamp))) throw new Refusal('rule_off', 'another rule has come')
  }
}

async function rulesInForce(
  tx: Tx,
  organisationIds: readonly string[],
): Promise<{ id: string; version: number; organisationId: string }[]> {
  const rows: { id: string; version: number | bigint; organisation_id: string }[] = await tx('autopay_rules')
    .whereIn('organisation_id', [...organisationIds])
    .where({ state: 'on' })
    .select('id', 'version', 'organisation_id')
  return rows.map(({ id, version, organisation_id: organisationId }) => ({ id, version: Number(version), organisationId }))
}
