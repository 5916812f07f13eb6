import { isStaff } from '../shared/actor'
import type { Author, StaffRole } from '../shared/actor'
import { engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { StaffMember } from './staff'

interface StaffRow {
  id: string
  login: string
  role: StaffRole
  created_at: Date | string
  disabled_at: Date | string | null
  password_hash: string
  email: string | null
  factor: string | null
  setup: string | null
}

const toStaff = (row: StaffRow): StaffMember => ({
  id: row.id,
  login: row.login,
  role: row.role,
  createdAt: moment(row.created_at),
  disabledAt: optionalMoment(row.disabled_at),
  hasFactor: row.factor !== null,
  awaitsSetup: row.setup !== null,
  passwordHash: row.password_hash,
  email: row.email,
})

const selectStaff = (db: Db) =>
  db('staff as s')
    .leftJoin('staff_factors as f', 'f.staff_id', 's.id')
    .leftJoin('staff_setups as u', 'u.staff_id', 's.id')
    .select<StaffRow[]>(
      's.id',
      's.login',
      's.role',
      's.created_at',
      's.disabled_at',
      's.password_hash',
      's.email',
      'f.staff_id as factor',
      'u.staff_id as setup',
    )

export async function staffById(db: Db, id: string): Promise<StaffMember | undefined> {
  const rows: StaffRow[] = await selectStaff(db).where('s.id', id)
  return rows.map(toStaff)[0]
}

export async function staffByLogin(db: Db, login: string): Promise<StaffMember | undefined> {
  const rows: StaffRow[] = await selectStaff(db).where('s.login', login)
  return rows.map(toStaff)[0]
}

/** By login: so many after `after`, which is the login of the last one seen. */
export async function listStaff(db: Db, page: { readonly after?: string | undefined; readonly limit: number }): Promise<StaffMember[]> {
  const query = selectStaff(db).orderBy('s.login').limit(page.limit)
  if (page.after !== undefined) void query.where('s.login', '>', page.after)
  const rows: StaffRow[] = await query
  return rows.map(toStaff)
}

/** @throws Refusal not_found (detail: staff) */
export async function requireStaff(db: Db, id: string): Promise<StaffMember> {
  const staff = await staffById(db, id)
  if (!staff) throw new Refusal('not_found', 'staff')
  return staff
}

/**
 * Locks a member of staff together with every admin who can act, in the order of ids: two admins who change each other at the same moment wait for each other
 * instead of both finding that somebody is left. Whoever does it is locked with them, who may be no admin any more: their audit row would lock them out of that order.
 */
export async function lockStaff(tx: Tx, id: string, by: Author): Promise<{ staff: StaffMember; otherAdmins: number }> {
  const query = tx('staff')
    .whereIn('id', isStaff(by) ? [id, by.id] : [id])
    .orWhere((admins) => void admins.where({ role: 'admin' }).whereNull('disabled_at'))
    .orderBy('id')
    .select<{ id: string; role: StaffRole; disabled_at: unknown }[]>('id', 'role', 'disabled_at')
  const rows = await (engineOf(tx) === 'postgres' ? query.forNoKeyUpdate() : query)
  const waiting: { staff_id: string }[] = await tx('staff_setups').select('staff_id')
  const cannotSignIn = new Set(waiting.map(({ staff_id }) => staff_id))
  const isAdmin = (row: (typeof rows)[number]): boolean => row.role === 'admin' && row.disabled_at === null && !cannotSignIn.has(row.id)
  return { staff: await requireStaff(tx, id), otherAdmins: rows.filter((row) => row.id !== id && isAdmin(row)).length }
}

/** Whether this is still so, once whoever changes it at this moment has finished. */
export async function stillStands(tx: Tx, expected: { readonly id: string; readonly role: StaffRole }): Promise<StaffMember | undefined> {
  if (engineOf(tx) === 'postgres') await tx('staff').where({ id: expected.id }).forShare().select('id')
  const staff = await staffById(tx, expected.id)
  return staff && staff.role === expected.role && staff.disabledAt === null ? staff : undefined
}

export const updateRole = (tx: Tx, id: string, role: StaffRole): Promise<number> => tx('staff').where({ id }).update({ role })

export const updateDisabled = (tx: Tx, id: string, at: Date | null): Promise<number> =>
  tx('staff')
    .where({ id })
    .update({ disabled_at: at && iso(at) })

export const updatePassword = (tx: Tx, id: string, passwordHash: string): Promise<number> =>
  tx('staff').where({ id }).update({ password_hash: passwordHash })

export const updateEmail = (tx: Tx, id: string, email: string | null): Promise<number> => tx('staff').where({ id }).update({ email })

/** From now on there is no password, until one is chosen with a code. */
export const awaitSetup = (tx: Tx, id: string, at: Date): Promise<unknown> =>
  tx('staff_setups')
    .insert({ staff_id: id, created_at: iso(at) })
    .onConflict('staff_id')
    .merge({ code_hash: null, expires_at: null, created_at: iso(at) })

/** @returns whether somebody was waiting for it */
export const storeSetupCode = async (tx: Tx, id: string, code: { readonly hash: string; readonly expiresAt: Date }): Promise<boolean> =>
  (await tx('staff_setups')
    .where({ staff_id: id })
    .update({ code_hash: code.hash, expires_at: iso(code.expiresAt) })) > 0

/** Whether this is the code that is stored. */
export const isSetupCode = async (tx: Tx, id: string, hash: string): Promise<boolean> =>
  (await tx('staff_setups').where({ staff_id: id, code_hash: hash }).first('staff_id')) !== undefined

/** @returns whether the code was the right one, and had not run out */
export const useSetupCode = async (tx: Tx, id: string, hash: string, now: Date): Promise<boolean> =>
  (await tx('staff_setups').where({ staff_id: id, code_hash: hash }).where('expires_at', '>', iso(now)).delete()) > 0
