import { z } from 'zod'
import type { Author } from '../shared/actor'
import { noteUnchanged, requireKey, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import { isUsableAddress } from '../shared/mail-address'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { RuleDeps } from './change-rule'
import { lockOrganisation, requireOrganisation, updateContacts } from './organisation-store'

const MOST_CONTACTS = 10
const CONTACT = z.email().max(200).refine(isUsableAddress)

export interface ContactsOrder {
  readonly organisationId: string
  readonly contacts: readonly string[]
  readonly author: Author
  readonly reason: string
  /** Names the intent: a form that is sent again does nothing more, whatever was done in between. */
  readonly key?: string | undefined
  /** The addresses that whoever writes has seen, by `contactsStamp`; absent where nobody has looked. */
  readonly basedOn?: string | undefined
}

/** The addresses of an organisation as they stand, in one word. */
export const contactsStamp = (contacts: readonly string[]): string => sha256(canonicalJson([...contacts]))

/**
 * Sets where letters about a company's invoices go. One person may: no money moves by it. The audit row says how many addresses there are, never which.
 * @throws Refusal forbidden, not_found, bad_input (detail: contacts); organisation_changed when there are other addresses than were seen; key_reused for a form that was sent
 * before, where the addresses are other ones by now
 */
export async function setContacts({ db, clock }: Pick<RuleDeps, 'db' | 'clock'>, order: ContactsOrder): Promise<void> {
  const { organisationId, author, basedOn } = order
  requirePermission(author, 'organisations.change')
  const [reason, contacts] = [requireReason(order.reason), requireContacts(order.contacts)]
  const instructionKey = order.key === undefined ? undefined : `organisation-contacts:${organisationId}:${requireKey(order.key)}`
  await inTransaction(db, async (tx) => {
    await lockOrganisation(tx, organisationId)
    const { contacts: before } = await requireOrganisation(tx, author, organisationId)
    const isSo = contactsStamp(before) === contactsStamp(contacts)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, author))) {
      // No digest of addresses is kept: what is not so by now is not told as done.
      if (isSo) return
      throw new Refusal('key_reused')
    }
    if (basedOn !== undefined && basedOn !== contactsStamp(before)) throw new Refusal('organisation_changed', 'contacts')
    const entry = { author, at: clock.now(), subject: `organisation:${organisationId}`, reason, ...(instructionKey && { instructionKey }) }
    if (isSo) return noteUnchanged(tx, entry)
    await updateContacts(tx, organisationId, contacts)
    const told = { before: { contacts: String(before.length) }, after: { contacts: String(contacts.length) } }
    await writeAudit(tx, [{ ...entry, action: 'organisation_contacts_set', ...told }])
  })
}

/** @throws Refusal bad_input (detail: contacts) */
function requireContacts(given: readonly string[]): string[] {
  const contacts = [...new Set(given.map((address) => address.trim()))]
  if (contacts.length > MOST_CONTACTS || contacts.some((address) => !CONTACT.safeParse(address).success))
    throw new Refusal('bad_input', 'contacts')
  return contacts
}
