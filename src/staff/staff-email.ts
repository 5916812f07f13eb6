import { z } from 'zod'
import { requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { isUsableAddress } from '../shared/mail-address'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { ChangeOrder } from './change-staff'
import { subjectOf } from './staff'
import type { StaffDeps } from './staff'
import { lockStaff, updateEmail } from './store'

const ADDRESS = z.email().max(200).refine(isUsableAddress)

/** Whether what was typed is an address, or empty, which is none. */
export const isEmail = (typed: string): boolean => typed.trim() === '' || ADDRESS.safeParse(typed.trim()).success

/**
 * Sets where a member of staff is written to; an empty text takes the address away. The audit row says that there is one, never which: audit rows cannot be erased.
 * @throws Refusal forbidden, not_found, bad_input (detail: email), key_reused for a form that was sent before, where the address is another one by now
 */
export async function setStaffEmail(
  { db, clock }: Pick<StaffDeps, 'db' | 'clock'>,
  staffId: string,
  typed: string,
  { author, reason: why, key }: Pick<ChangeOrder, 'author' | 'reason' | 'key'>,
): Promise<void> {
  requirePermission(author, 'staff.change')
  if (!isEmail(typed)) throw new Refusal('bad_input', 'email')
  const [email, reason] = [typed.trim() === '' ? null : typed.trim(), requireReason(why)]
  const instructionKey = key === undefined ? undefined : `staff-email:${staffId}:${key}`
  await inTransaction(db, async (tx) => {
    const { staff } = await lockStaff(tx, staffId, author)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, author))) {
      // No digest of an address is kept: what is not so by now is not told as done.
      if (staff.email === email) return
      throw new Refusal('key_reused')
    }
    await updateEmail(tx, staffId, email)
    const told = { before: { email: staff.email !== null }, after: { email: email !== null } }
    const entry = { author, at: clock.now(), action: 'staff_email_set', subject: subjectOf(staffId), reason, ...told }
    await writeAudit(tx, [{ ...entry, ...(instructionKey !== undefined && { instructionKey }) }])
  })
}
