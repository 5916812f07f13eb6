import type { Knex } from 'knex'
import type { Author } from '../shared/actor'
import { isStaff } from '../shared/actor'
import { bound, engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { may } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { ApprovalStep, Organisation, SwitchState } from './organisation'
import { asSeenBy } from './sole-proprietor'

export interface OrganisationRow {
  id: string
  vat_number: string
  name: string
  per_day: bigint | null
  per_month: bigint | null
  contacts: string
  steps: string
  switch: SwitchState
  switched_at: Date | string | null
  switched_by: string | null
  created_at: Date | string
}

interface StoredStep {
  from: string
  approvers: string[]
}

export const toOrganisation = (row: OrganisationRow): Organisation => ({
  id: row.id,
  vatNumber: row.vat_number,
  name: row.name,
  isOn: row.switch === 'on',
  autopay: { state: row.switch, at: optionalMoment(row.switched_at), by: row.switched_by },
  perDay: row.per_day,
  perMonth: row.per_month,
  contacts: JSON.parse(row.contacts) as string[],
  steps: (JSON.parse(row.steps) as StoredStep[]).map(({ from, approvers }) => ({ from: BigInt(from), approvers })),
  createdAt: moment(row.created_at),
})

/** Every organisation, by name: for the gateway's own jobs. Whoever acts for a person asks `organisationsOf`. */
export async function readOrganisations(db: Db): Promise<Organisation[]> {
  const rows = (await db('organisations').orderBy('name').orderBy('id')) as OrganisationRow[]
  return rows.map(toOrganisation)
}

/** One of them, for the gateway itself. @throws Refusal not_found (detail: organisation) */
export async function readOrganisation(db: Db, id: string): Promise<Organisation> {
  const row = (await db('organisations').where({ id }).first()) as OrganisationRow | undefined
  if (!row) throw new Refusal('not_found', 'organisation')
  return toOrganisation(row)
}

/** Whether somebody sees every organisation: the gateway itself does, and whoever has the right. */
const seesAll = (author: Author): boolean => may(author, 'organisations.all')

/** The organisations that somebody may know of, by name: everybody else sees those that they are assigned to. */
export const organisationsOf = async (db: Db, author: Author): Promise<Organisation[]> =>
  (await known(db, author)).map((organisation) => asSeenBy(author, organisation))

async function known(db: Db, author: Author): Promise<Organisation[]> {
  if (!may(author, 'autopay.read')) return []
  if (seesAll(author)) return readOrganisations(db)
  const theirs = db('organisation_staff')
    .where({ staff_id: isStaff(author) ? author.id : '' })
    .select('organisation_id')
  const rows = (await db('organisations').whereIn('id', theirs).orderBy('name').orderBy('id')) as OrganisationRow[]
  return rows.map(toOrganisation)
}

/** The same by their ids, for lists of what belongs to organisations; undefined for those who see all of them. */
export const knownOrganisations = async (db: Db, author: Author): Promise<readonly string[] | undefined> =>
  seesAll(author) ? undefined : (await organisationsOf(db, author)).map(({ id }) => id)

/** The invoices of all other organisations, by id: what is about them does not exist for whoever knows of these alone. */
export const invoicesOfOthers = (db: Db, organisations: readonly string[]): Knex.QueryBuilder =>
  db('autopay_invoices')
    .whereNotIn('organisation_id', [...organisations])
    .select('id')

/** An organisation that this person may know of; of any other they do not even learn that it is there. @throws Refusal not_found (detail: organisation) */
export async function requireOrganisation(db: Db, author: Author, id: string): Promise<Organisation> {
  const row = (await db('organisations').where({ id }).first()) as OrganisationRow | undefined
  const isTheirs = seesAll(author) || (isStaff(author) && may(author, 'autopay.read') && (await isAssigned(db, id, author.id)))
  if (!row || !isTheirs) throw new Refusal('not_found', 'organisation')
  return asSeenBy(author, toOrganisation(row))
}

const isAssigned = async (db: Db, organisationId: string, staffId: string): Promise<boolean> =>
  (await db('organisation_staff').where({ organisation_id: organisationId, staff_id: staffId }).first('staff_id')) !== undefined

/** The same by its tax number. @throws Refusal not_found (detail: organisation) */
export async function organisationByVat(db: Db, author: Author, vatNumber: string): Promise<Organisation> {
  const found = (await known(db, author)).find((organisation) => organisation.vatNumber === vatNumber)
  if (!found) throw new Refusal('not_found', 'organisation')
  return asSeenBy(author, found)
}

/** The staff who are assigned to an organisation, by id. */
export const readAssigned = (db: Db, organisationId: string): Promise<string[]> =>
  db('organisation_staff').where({ organisation_id: organisationId }).orderBy('staff_id').pluck('staff_id')

/** Holds an organisation as it is until the transaction ends: whoever changes it waits for whoever pays for it, and the other way round. */
export async function lockOrganisation(tx: Tx, id: string): Promise<Organisation | undefined> {
  const query = tx('organisations').where({ id })
  const rows = (await (engineOf(tx) === 'postgres' ? query.forNoKeyUpdate() : query)) as OrganisationRow[]
  return rows.map(toOrganisation)[0]
}

/** What a person writes of an organisation. */
export type OrganisationBody = Pick<Organisation, 'vatNumber' | 'name' | 'perDay' | 'perMonth' | 'steps'>

const stepsText = (steps: readonly ApprovalStep[]): string =>
  JSON.stringify(steps.map(({ from, approvers }) => ({ from: String(from), approvers })))

const columnsOf = ({ vatNumber, name, perDay, perMonth, steps }: OrganisationBody) => ({
  vat_number: vatNumber,
  name,
  per_day: perDay === null ? null : bound(perDay),
  per_month: perMonth === null ? null : bound(perMonth),
  steps: stepsText(steps),
})

/** Adds an organisation, whose automatic payment is off. */
export async function insertOrganisation(tx: Tx, id: string, body: OrganisationBody, at: Date): Promise<void> {
  await tx('organisations').insert({ id, ...columnsOf(body), contacts: '[]', created_at: iso(at) })
}

export async function updateOrganisation(tx: Tx, id: string, body: OrganisationBody): Promise<void> {
  await tx('organisations').where({ id }).update(columnsOf(body))
}

export async function updateContacts(tx: Tx, id: string, contacts: readonly string[]): Promise<void> {
  await tx('organisations')
    .where({ id })
    .update({ contacts: JSON.stringify(contacts) })
}

/** Assigns these staff to an organisation, and nobody else. */
export async function writeAssigned(tx: Tx, organisationId: string, staffIds: readonly string[]): Promise<void> {
  await tx('organisation_staff').where({ organisation_id: organisationId }).delete()
  if (staffIds.length === 0) return
  await tx('organisation_staff').insert(staffIds.map((staff_id) => ({ organisation_id: organisationId, staff_id })))
}

export const updateSwitch = (
  tx: Tx,
  id: string,
  { state, at, by }: { readonly state: SwitchState; readonly at: Date; readonly by: string },
): Promise<number> =>
  tx('organisations')
    .where({ id })
    .update({ switch: state, switched_at: iso(at), switched_by: by })
