import { z } from 'zod'
import { amountText, requireNoHeavier } from '../approvals'
import type { Deed, Performer, Weight } from '../approvals'
import type { Author, StaffRole } from '../shared/actor'
import { hasControlCharacter, noteUnchanged, wasCarriedOut, writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { brokenUniqueRule, inTransaction, lockName } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import { parseMoney, toDecimal } from '../shared/money'
import { requirePermission, roleMay } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { RuleDeps } from './change-rule'
import { rub } from './gates'
import type { Organisation } from './organisation'
import { askAnew } from './lapse-signatures'
import {
  insertOrganisation,
  lockOrganisation,
  readAssigned,
  readOrganisations,
  requireOrganisation,
  updateOrganisation,
  writeAssigned,
} from './organisation-store'
import type { OrganisationBody } from './organisation-store'
import { parseSteps, stepsAsText } from './steps'
import { masked } from './sole-proprietor'
import { LETS_OUT } from './weigh-rule'

/** Somebody of the staff, as far as this room needs to know. */
export interface KnownStaff {
  readonly id: string
  readonly login: string
  readonly role: StaffRole
  readonly disabledAt: Date | null
}

export interface OrganisationDeps extends RuleDeps {
  /** Finds staff by their ids; handed in, since the room of the staff stands above this one. */
  readonly findStaff: (db: Db, ids: readonly string[]) => Promise<readonly KnownStaff[]>
}

const BUDGET = amountText('RUB').nullable()
const IDS = z.string().regex(/^[0-9a-f -]{0,4000}$/)

/** Steps are `5000.00 id id; 100000.00 id`, staff are ids between blanks. Contacts are not among it: addresses do not belong into requests. */
const ORGANISATION = z.strictObject({
  organisationId: z.uuid(),
  /** What whoever writes has seen, by `stampOf`, or that there was none; absent where nobody has looked, as at the command line. */
  basedOn: z.exactOptional(z.string().regex(/^(new|[0-9a-f]{64})$/)),
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .refine((text) => !hasControlCharacter(text)),
  vatNumber: z.string().regex(/^(\d{10}|\d{12})$/),
  perDay: BUDGET,
  perMonth: BUDGET,
  steps: z
    .string()
    .max(4000)
    .refine((text) => parseSteps(text) !== undefined),
  staff: IDS,
})
export type OrganisationPayload = z.output<typeof ORGANISATION>

export interface OrganisationDeeds {
  readonly change: Deed<OrganisationPayload, void>
}

/** Adding a company takes one person, since nothing is paid for it before a rule is on. A raised budget counts as what it comes to; lifting one, and changing who signs, takes two. */
export const organisationDeeds = (deps: OrganisationDeps): OrganisationDeeds => ({
  change: {
    kind: 'organisation_changed',
    permission: 'organisations.change',
    payload: ORGANISATION,
    requireKnown: async ({ organisationId: id }, by) => (await present(deps.db, id)) && requireOrganisation(deps.db, by, id),
    ...LETS_OUT,
    addsUpAt: ({ organisationId }) => organisationId,
    wasDone: (key, { payload: { organisationId }, author }) => wasCarriedOut(deps.db, instructionKeyOf(organisationId, key), author),
    weigh: async (payload) => weighChange(await present(deps.db, payload.organisationId), bodyOf(payload)),
    async preview(payload) {
      await requireApprovers(deps, payload)
      const before = await present(deps.db, payload.organisationId)
      const assigned = before ? await readAssigned(deps.db, before.id) : []
      requireSeen(payload, before, assigned)
      return {
        subject: subjectOf(payload.organisationId),
        before: before ? await facts(deps, before, assigned) : {},
        after: await facts(deps, bodyOf(payload), idsIn(payload.staff)),
      }
    },
    perform: (payload, by) => changeOrganisation(deps, payload, by),
  },
})

const subjectOf = (id: string): string => `organisation:${id}`
const instructionKeyOf = (id: string, key: string): string => `${subjectOf(id)}:${key}`
const idsIn = (text: string): string[] => [...new Set(text.split(' ').filter((id) => id !== ''))].sort()
const budgetOf = (text: string | null): bigint | null => (text === null ? null : parseMoney(text, 'RUB').minor)

const bodyOf = ({ name, vatNumber, perDay, perMonth, steps }: OrganisationPayload): OrganisationBody => ({
  name,
  vatNumber,
  perDay: budgetOf(perDay),
  perMonth: budgetOf(perMonth),
  steps: parseSteps(steps) ?? [],
})

const present = async (db: Db, id: string): Promise<Organisation | undefined> =>
  (await readOrganisations(db)).find((organisation) => organisation.id === id)

function weighChange(before: Organisation | undefined, after: OrganisationBody): Weight {
  if (!before) return 'never'
  if (stepsAsText(before.steps) !== stepsAsText(after.steps) || before.vatNumber !== after.vatNumber) return 'always'
  const raises = (['perDay', 'perMonth'] as const).map((name) => raiseOf(before[name], after[name]))
  if (raises.includes('always')) return 'always'
  const most = raises.reduce<bigint>((largest, raise) => (typeof raise === 'bigint' && raise > largest ? raise : largest), 0n)
  return most === 0n ? 'never' : { minor: most, unit: 'RUB' }
}

/** What a raised budget comes to, since many small steps are one large one. */
function raiseOf(was: bigint | null, is: bigint | null): bigint | 'always' {
  if (was === null) return 0n
  if (is === null) return 'always'
  return is > was ? is : 0n
}

/** Whoever signs must be able to. @throws Refusal bad_input (detail: steps or staff) */
async function requireApprovers({ db, findStaff }: OrganisationDeps, payload: OrganisationPayload): Promise<void> {
  const assigned = idsIn(payload.staff)
  const approvers = (parseSteps(payload.steps) ?? []).flatMap((step) => step.approvers)
  const known = await findStaff(db, [...new Set([...assigned, ...approvers])])
  const active = new Map(known.filter(({ disabledAt }) => disabledAt === null).map((staff) => [staff.id, staff]))
  if (assigned.some((id) => !active.has(id))) throw new Refusal('bad_input', 'staff')
  const maySign = (id: string): boolean => {
    const staff = active.get(id)
    return (
      staff !== undefined && roleMay(staff.role, 'autopay.approve') && (roleMay(staff.role, 'organisations.all') || assigned.includes(id))
    )
  }
  if (!approvers.every(maySign)) throw new Refusal('bad_input', 'steps')
}

/** What is told to whoever decides: people by their logins, who are nobody's secret among staff. */
async function facts({ db, findStaff }: OrganisationDeps, body: OrganisationBody, assigned: readonly string[]): Promise<AuditFacts> {
  const ids = [...new Set([...assigned, ...body.steps.flatMap((step) => step.approvers)])]
  const logins = new Map((await findStaff(db, ids)).map(({ id, login }) => [id, login]))
  const named = (list: readonly string[]): string => list.map((id) => logins.get(id) ?? id).join(', ')
  const steps = body.steps.map(({ from, approvers }) => `${toDecimal(from)} ₽: ${named(approvers)}`).join('; ')
  return { ...plainFacts(body), approval_steps: steps === '' ? null : steps, assigned: assigned.length === 0 ? null : named(assigned) }
}

const limitFact = (minor: bigint | null): string => (minor === null ? 'unlimited' : rub(minor))

const plainFacts = ({ name, vatNumber, perDay, perMonth }: OrganisationBody): AuditFacts => ({
  name,
  vatNumber,
  perDay: limitFact(perDay),
  perMonth: limitFact(perMonth),
})

/** As the audit log keeps it: people by their ids. */
const auditFacts = (body: OrganisationBody, assigned: readonly string[]): AuditFacts => ({
  ...plainFacts(body),
  approval_steps: stepsAsText(body.steps),
  assigned: assigned.join(' '),
})

async function changeOrganisation(deps: OrganisationDeps, payload: OrganisationPayload, by: Performer): Promise<void> {
  const { author, reason, approvedBy, weighed } = by
  requirePermission(author, 'organisations.change')
  await requireApprovers(deps, payload)
  const [id, at] = [payload.organisationId, deps.clock.now()]
  const instructionKey = instructionKeyOf(id, by.key)
  await inTransaction(deps.db, async (tx) => {
    // A copy of the form that adds one waits here: an organisation that is not there yet has no row to lock.
    await lockName(tx, subjectOf(id))
    const before = await lockOrganisation(tx, id)
    if (before) await requireOrganisation(tx, author, id)
    if (await wasCarriedOut(tx, instructionKey, author)) return
    const assigned = before ? await readAssigned(tx, id) : []
    requireSeen(payload, before, assigned)
    // Others may have changed or added it since it was weighed.
    requireNoHeavier(weighChange(before, bodyOf(payload)), weighed)
    const was = before && auditFacts(before, assigned)
    const after = await write(tx, { payload, before, author, at })
    const entry = { author, at, subject: subjectOf(id), reason, instructionKey }
    if (JSON.stringify(was) === JSON.stringify(after)) return noteUnchanged(tx, entry)
    const action = before ? 'organisation_changed' : 'organisation_added'
    const told = { ...(was && { before: kept(was) }), after: kept(after), ...(approvedBy && { approvedBy }) }
    await writeAudit(tx, [{ ...entry, action, ...told }])
  }).catch(vatTaken)
}

/** Audit rows cannot be erased, so that of a sole proprietor they keep no name. */
const kept = (facts: AuditFacts): AuditFacts => ({ ...facts, ...masked({ name: String(facts.name), vatNumber: String(facts.vatNumber) }) })

/** An organisation as it stands, in one word: whoever writes all of it says by this what they have seen. */
export const stampOf = (organisation: OrganisationBody, assigned: readonly string[]): string =>
  sha256(canonicalJson(auditFacts(organisation, [...assigned].sort())))

/** A form writes the whole organisation, so one that was changed meanwhile would lose that change: its budgets may have been lowered. @throws Refusal organisation_changed */
function requireSeen({ basedOn }: OrganisationPayload, before: Organisation | undefined, assigned: readonly string[]): void {
  if (basedOn !== undefined && basedOn !== (before ? stampOf(before, assigned) : 'new')) throw new Refusal('organisation_changed')
}

interface Writing {
  readonly payload: OrganisationPayload
  readonly before: Organisation | undefined
  readonly author: Author
  readonly at: Date
}

/** Whoever adds a company is assigned to it, or they would lose sight of it. */
async function write(tx: Tx, { payload, before, author, at }: Writing): Promise<AuditFacts> {
  const [id, body] = [payload.organisationId, bodyOf(payload)]
  const maker = !before && author.kind === 'staff' ? [author.id] : []
  const assigned = [...new Set([...idsIn(payload.staff), ...maker])].sort()
  await (before ? updateOrganisation(tx, id, body) : insertOrganisation(tx, id, body, at))
  if (before && stepsAsText(before.steps) !== stepsAsText(body.steps)) await askAnew(tx, id, at)
  await writeAssigned(tx, id, assigned)
  return auditFacts(body, assigned)
}

function vatTaken(error: unknown): never {
  throw brokenUniqueRule(error) === undefined ? error : new Refusal('bad_input', 'vatNumber')
}
