import { hasControlCharacter, writeAudit } from '../shared/audit'
import type { Author } from '../shared/actor'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { Language } from '../shared/texts'
import { memberAccount, openAccounts } from '../ledger'
import { findMember } from './find-member'
import { canonicalLogin } from './login'
import type { Member, MembersDeps, Person } from './member'
import { hashPassword } from './password'
import { insertMember } from './store'
import type { NewMember } from './store'

export interface MemberApplication {
  readonly login: string
  /** 8 to 200 characters. */
  readonly password: string
  readonly language?: Language
  readonly fullName?: string
  readonly email?: string
  readonly phone?: string
  readonly actor: Author
}

/**
 * Adds a member with an empty points account, in one transaction.
 * @throws Refusal forbidden; login_taken; bad_input (detail: the field)
 */
export async function addMember(deps: Omit<MembersDeps, 'ledger'>, application: MemberApplication): Promise<Member> {
  requirePermission(application.actor, 'members.add')
  const login = canonicalLogin(application.login)
  if (login === undefined) throw new Refusal('bad_input', 'login')
  const person = toPerson(application)
  const createdAt = deps.clock.now()
  const passwordHash = await hashPassword(application.password)
  // Members who came one after the other lie together in the books: crediting all of them then touches each page once.
  const member: NewMember = { id: newSortedId(), login, passwordHash, language: application.language ?? 'ru', createdAt }
  try {
    await writeMember(deps, member, person, application.actor)
  } catch (error) {
    if (brokenUniqueRule(error) === undefined) throw error
    // A commit whose answer was lost is run again and then finds its own row.
    const holder = await findMember(deps.db, login)
    if (holder?.id !== member.id) throw new Refusal('login_taken')
  }
  deps.log.info({ memberId: member.id }, 'a member was added')
  return { id: member.id, login, language: member.language, lockedAt: null, lockedReason: null, erasedAt: null }
}

function writeMember({ db }: Pick<MembersDeps, 'db'>, member: NewMember, person: Person, author: Author): Promise<void> {
  const account = memberAccount(member.id)
  return inTransaction(db, async (tx) => {
    await insertMember(tx, member, person)
    await openAccounts(tx, [{ id: account, unit: 'PTS', minAvailable: 0n }], member.createdAt)
    await writeAudit(tx, [{ author, at: member.createdAt, action: 'member_added', subject: account }])
  })
}

const LONGEST = { fullName: 200, email: 200, phone: 40 } as const

function toPerson(application: MemberApplication): Person {
  const field = (name: keyof typeof LONGEST): string | null => {
    const text = application[name]?.trim()
    if (text === undefined || text === '') return null
    if (text.length > LONGEST[name] || hasControlCharacter(text)) throw new Refusal('bad_input', name)
    return text
  }
  return { fullName: field('fullName'), email: field('email'), phone: field('phone') }
}
