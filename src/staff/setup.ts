import { letInAt } from '../approvals'
import { canonicalLogin, countAttempt, hashPassword } from '../members'
import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { DAY, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { sha256 } from '../shared/ids'
import { oncePerForm } from '../shared/once-per-form'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { newOnceCode, onceCodeHash } from './codes'
import { endSessions } from './sessions'
import { actorOf, subjectOf } from './staff'
import type { StaffDeps } from './staff'
import { isSetupCode, staffByLogin, storeSetupCode, updatePassword, useSetupCode } from './store'

const CODE_LASTS = 3 * DAY

/**
 * A code with which somebody who has no password chooses one. It is told here and never again; a new one makes the last worthless.
 * @param key names the form, of which a copy issues nothing more: the code of the first, handed over meanwhile, stays good. Without one each call issues a code.
 * @throws Refusal forbidden, not_found when the person has a password, key_reused for such a copy
 */
export async function issueSetupCode(
  { db, clock }: StaffDeps,
  staffId: string,
  author: Author,
  key?: string,
): Promise<{ code: string; expiresAt: Date }> {
  requirePermission(author, 'staff.change')
  const code = newOnceCode()
  const at = clock.now()
  const expiresAt = plus(at, CODE_LASTS)
  const form = { author, key, kind: 'staff_setup_code_issued', contents: { staffId } }
  const hash = onceCodeHash(staffId, code)
  const isIssued = await inTransaction(db, async (tx) => {
    await oncePerForm(tx, form, async (mark) => {
      if (!(await storeSetupCode(tx, staffId, { hash, expiresAt }))) throw new Refusal('not_found', 'nobody waits for a code')
      const subject = subjectOf(staffId)
      await writeAudit(tx, [{ ...mark, at: await letInAt(tx, subject, at), action: form.kind, subject }])
    })
    return isSetupCode(tx, staffId, hash)
  })
  if (!isIssued) throw new Refusal('key_reused', 'the code was issued before')
  return { code, expiresAt }
}

export interface FirstSignIn {
  readonly login: string
  readonly code: string
  /** 8 to 200 characters. */
  readonly password: string
  readonly address: string
}

/**
 * Chooses a password with a code. An unknown login and a wrong or old code get one answer, and cost the same.
 * @throws Refusal wrong_code, too_many_attempts, bad_input (detail: password)
 */
export async function chooseFirstPassword(deps: StaffDeps, { login: typed, code, password, address }: FirstSignIn): Promise<void> {
  const login = canonicalLogin(typed)
  const counted = await countAttempt(deps, { account: login ?? sha256(typed), address })
  const passwordHash = await hashPassword(password)
  const staff = await staffByLogin(deps.db, login ?? '')
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (!staff || staff.disabledAt !== null || !(await useSetupCode(tx, staff.id, onceCodeHash(staff.id, code), now)))
      throw new Refusal('wrong_code')
    await updatePassword(tx, staff.id, passwordHash)
    await endSessions(tx, staff.id)
    await writeAudit(tx, [{ author: actorOf(staff), at: now, action: 'staff_password_chosen', subject: subjectOf(staff.id) }])
  })
  await counted.giveBack()
}
