import { readContacts } from '../members'
import type { Eraser } from '../members'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import type { StorefrontDeps, StorefrontSettings } from './deps'
import { readEmail } from './recognise'

/** What this room knows of a member by the e-mail address: codes that were asked for, and what was bought as a guest. Runs while the address is still known. */
export const eraseByAddress =
  (settings: StorefrontSettings): Eraser =>
  async (tx, { id }) => {
    const [contact] = await readContacts(tx, [id])
    return contact?.email ? forgetAddress(tx, settings, contact.email.trim().toLowerCase()) : {}
  }

export interface GuestToForget {
  readonly email: string
  readonly author: Author
  readonly reason: string
}

/**
 * Removes the e-mail address of a guest who asks for that: from orders, which stay without it, and from everything about one-time codes. The audit log does not learn whose.
 * @returns how many rows were removed, by what they were; @throws Refusal forbidden, bad_input (detail: email, reason)
 */
export async function forgetGuest(
  { db, clock, storefront }: StorefrontDeps,
  { email, author, reason }: GuestToForget,
): Promise<Readonly<Record<string, number>>> {
  requirePermission(author, 'members.erase')
  const [address, why, at] = [readEmail(email), requireReason(reason), clock.now()]
  return inTransaction(db, async (tx) => {
    const removed = await forgetAddress(tx, storefront, address)
    const after = Object.fromEntries(Object.entries(removed).map(([what, count]) => [what, String(count)]))
    await writeAudit(tx, [{ author, at, action: 'guest_forgotten', subject: 'guests', reason: why, after }])
    return removed
  })
}

/** What counts attempts is a keyed digest of both addresses, and gone a quarter of an hour later. @param email in lower case */
async function forgetAddress(tx: Tx, settings: StorefrontSettings, email: string): Promise<Record<string, number>> {
  const { codes, oneTimeCodes } = settings
  return {
    guest_orders: await tx('order_buyers')
      .where({ email_digest: codes.digest(email) })
      .delete(),
    one_time_codes: await tx('one_time_codes')
      .where({ email_digest: oneTimeCodes.digest(email) })
      .delete(),
  }
}
