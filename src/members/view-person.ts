import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { memberAccount } from '../ledger'
import type { MembersDeps, Person } from './member'
import { readPerson } from './store'

/**
 * What is known of a member as a person, for somebody who looks. The look is written down before anything is shown.
 * @returns undefined once it is erased. @throws Refusal forbidden
 */
export async function viewPerson(
  { db, clock }: Pick<MembersDeps, 'db' | 'clock'>,
  memberId: string,
  author: Author,
): Promise<Person | undefined> {
  requirePermission(author, 'members.read-personal')
  const person = await readPerson(db, memberId)
  if (person) {
    const entry = { author, at: clock.now(), action: 'person_viewed', subject: memberAccount(memberId) }
    await inTransaction(db, (tx) => writeAudit(tx, [entry]))
  }
  return person
}
