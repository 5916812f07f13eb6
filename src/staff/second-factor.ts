import { countAttempt } from '../members'
import type { StaffActor } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { oncePerForm } from '../shared/once-per-form'
import { Refusal } from '../shared/refusals'
import { FURTHEST_AHEAD, looksLikeTotp, newOnceCode, newTotpSecret, onceCodeHash, stepOf, stepOfCode } from './codes'
import { seal, unseal } from './seal'
import { actorOf, isPowerful, subjectOf } from './staff'
import type { StaffDeps, StaffMember } from './staff'
import { requireStaff } from './store'

const RECOVERY_CODES = 10

export const needsFactor = ({ settings }: StaffDeps, { role }: Pick<StaffMember, 'role'>): boolean =>
  settings.secondFactor && isPowerful(role)

/** A secret that nobody has proved to hold yet. It travels sealed in the form that proves it, so that nothing is stored before. */
export interface OfferedSecret {
  readonly sealed: string
  readonly plain: string
}

export function offerSecret({ settings }: StaffDeps, staffId: string): OfferedSecret {
  const plain = newTotpSecret()
  return { plain, sealed: seal(settings.secret, staffId, plain) }
}

/** The same secret again, out of the form that came back, or undefined when it is none of ours for this person. */
export function openOffer({ settings }: StaffDeps, staffId: string, sealed: string): OfferedSecret | undefined {
  const plain = unseal(settings.secret, staffId, sealed)
  return plain === undefined ? undefined : { plain, sealed }
}

/** What somebody who sets up a second factor shows. */
export interface Enrolment {
  readonly sealed: string
  readonly code: string
  readonly address: string
  /** Whether a factor that exists gives way; without it a person who has one is refused. */
  readonly replace: boolean
}

/**
 * Stores the secret once a code proves that the person's device has it, with new recovery codes, which are told here and never again.
 * @throws Refusal wrong_code, too_many_attempts, bad_input (detail: secret); key_reused for a copy of the form that replaces a factor
 */
export async function enrolSecondFactor(
  deps: StaffDeps,
  staff: StaffMember,
  { sealed, code, address, replace }: Enrolment,
): Promise<string[]> {
  const now = deps.clock.now()
  const secret = openOffer(deps, staff.id, sealed)?.plain
  if (secret === undefined) throw new Refusal('bad_input', 'secret')
  const counted = await countAttempt(deps, { account: staff.login, address })
  const step = looksLikeTotp(code) ? stepOfCode(secret, code, now) : null
  if (step === null) throw new Refusal('wrong_code')
  await counted.giveBack()
  const codes = newRecoveryCodes()
  await inTransaction(deps.db, async (tx) => {
    // A copy of the form brings the secret that is stored already: the recovery codes that were just shown stay good.
    if (replace) await tx('staff_factors').where({ staff_id: staff.id }).whereNot({ secret: sealed }).delete()
    const row = { staff_id: staff.id, secret: sealed, last_step: step, created_at: iso(now) }
    const stored: unknown[] = await tx('staff_factors').insert(row).onConflict('staff_id').ignore().returning('staff_id')
    // Stored by an earlier try, of which the database could not say so any more.
    if (stored.length === 0 && (await standThere(tx, staff.id, codes))) return
    if (stored.length === 0) throw new Refusal(replace ? 'key_reused' : 'wrong_code', 'there is a second factor already')
    await writeAudit(tx, [{ author: actorOf(staff), at: now, action: 'second_factor_set', subject: subjectOf(staff.id) }])
    await replaceRecoveryCodes(tx, staff.id, codes)
  })
  return codes
}

/**
 * New recovery codes; the old ones are worth nothing from now on.
 * @param key names the form, of which a copy makes no others: those of the first, shown meanwhile, stay good
 * @throws Refusal key_reused for such a copy
 */
export async function renewRecoveryCodes({ db, clock }: StaffDeps, staff: StaffMember, key?: string): Promise<string[]> {
  const form = { author: actorOf(staff), key, kind: 'recovery_codes_made', contents: {} }
  const codes = newRecoveryCodes()
  const areGood = await inTransaction(db, async (tx) => {
    await oncePerForm(tx, form, async (mark) => {
      await writeAudit(tx, [{ ...mark, at: clock.now(), action: form.kind, subject: subjectOf(staff.id) }])
      await replaceRecoveryCodes(tx, staff.id, codes)
    })
    return standThere(tx, staff.id, codes)
  })
  if (!areGood) throw new Refusal('key_reused', 'the codes were made before')
  return codes
}

const newRecoveryCodes = (): string[] => Array.from({ length: RECOVERY_CODES }, newOnceCode)

async function replaceRecoveryCodes(tx: Tx, staffId: string, codes: readonly string[]): Promise<void> {
  await tx('staff_recovery_codes').where({ staff_id: staffId }).delete()
  await tx('staff_recovery_codes').insert(codes.map((code) => ({ staff_id: staffId, code_hash: onceCodeHash(staffId, code) })))
}

/** Whether these are the recovery codes that are stored. */
async function standThere(tx: Tx, staffId: string, [code = '']: readonly string[]): Promise<boolean> {
  const row = { staff_id: staffId, code_hash: onceCodeHash(staffId, code) }
  return (await tx('staff_recovery_codes').where(row).first('staff_id')) !== undefined
}

/** How many recovery codes are left. */
export async function countRecoveryCodes(db: Db, staffId: string): Promise<number> {
  const rows: unknown[] = await db('staff_recovery_codes').where({ staff_id: staffId }).whereNull('used_at').select('code_hash')
  return rows.length
}

/**
 * Takes a code of the authenticator app or a recovery code, each of them once. Counted like passwords, within the same limits.
 * @throws Refusal wrong_code, too_many_attempts
 */
export async function showSecondFactor(deps: StaffDeps, staff: StaffMember, typed: { code: string; address: string }): Promise<void> {
  const counted = await countAttempt(deps, { account: staff.login, address: typed.address })
  const code = typed.code.replace(/[\s-]/g, '')
  const right = looksLikeTotp(code) ? await takeTotp(deps, staff.id, code) : await takeRecoveryCode(deps, staff, code)
  if (!right) throw new Refusal('wrong_code')
  await counted.giveBack()
}

/**
 * For a way in that asks for password and code together, such as the command line. Whoever needs a second factor and has none sets it up on the page first.
 * @throws Refusal forbidden, wrong_code, too_many_attempts
 */
export async function requireSecondFactor(
  deps: StaffDeps,
  actor: StaffActor,
  typed: { readonly code: string | undefined; readonly address: string },
): Promise<void> {
  if (!deps.settings.secondFactor) return
  const staff = await requireStaff(deps.db, actor.id)
  if (staff.hasFactor) await showSecondFactor(deps, staff, { code: typed.code ?? '', address: typed.address })
  else if (needsFactor(deps, staff)) throw new Refusal('forbidden', 'this role sets up a second factor on the page first')
}

/** One conditional statement, so that of two who show the same code at once, at whatever instance, one is refused. */
async function takeTotp({ db, clock, log, settings }: StaffDeps, staffId: string, code: string): Promise<boolean> {
  const now = clock.now()
  const row: { secret: string } | undefined = await db('staff_factors').where({ staff_id: staffId }).first('secret')
  const secret = row && unseal(settings.secret, staffId, row.secret)
  if (row && secret === undefined) log.error({ staffId }, 'a second factor cannot be read: was SESSION_SECRET changed?')
  const step = secret === undefined ? null : stepOfCode(secret, code, now)
  if (step === null) return false
  const taken = await inTransaction(db, (tx) =>
    tx('staff_factors')
      .where({ staff_id: staffId })
      .whereRaw('(last_step < ? or last_step > ?)', [step, stepOf(now) + FURTHEST_AHEAD])
      .update({ last_step: step }),
  )
  return taken > 0
}

const takeRecoveryCode = ({ db, clock }: StaffDeps, staff: StaffMember, code: string): Promise<boolean> =>
  inTransaction(db, async (tx) => {
    const at = clock.now()
    const row = { staff_id: staff.id, code_hash: onceCodeHash(staff.id, code) }
    const used = await tx('staff_recovery_codes')
      .where(row)
      .whereNull('used_at')
      .update({ used_at: iso(at) })
    if (used === 0) return false
    await writeAudit(tx, [{ author: actorOf(staff), at, action: 'recovery_code_used', subject: subjectOf(staff.id) }])
    return true
  })

/** Takes the factor and its recovery codes away. In the transaction of whoever audits it. */
export async function dropFactor(tx: Tx, staffId: string): Promise<void> {
  await tx('staff_recovery_codes').where({ staff_id: staffId }).delete()
  await tx('staff_factors').where({ staff_id: staffId }).delete()
}
