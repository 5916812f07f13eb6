/** What a member of staff may do follows from one role. */
export const STAFF_ROLES = ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'] as const
export type StaffRole = (typeof STAFF_ROLES)[number]

export interface MemberActor {
  readonly kind: 'member'
  readonly id: string
  readonly login: string
}

export interface StaffActor {
  readonly kind: 'staff'
  readonly id: string
  readonly login: string
  readonly role: StaffRole
}

/** The second pair of eyes on a deed, and the request that they agreed to. */
export interface Approver extends StaffActor {
  readonly request: string
}

/** What somebody has sent: the key that names their intent, and a digest of what they wanted. */
export interface SentForm {
  readonly key: string
  /** The word for the deed. */
  readonly kind: string
  readonly digest: string
}

/** Whoever is signed in. */
export type Actor = MemberActor | StaffActor

/** Whoever causes a change: a person who is signed in, or the gateway itself by the name of the part, such as `command-line` or `recovery`. */
export type Author = Actor | { readonly kind: 'system'; readonly name: string }

/** An author together with the form that they have sent: the first audit row of theirs notes what was in it. */
export type Sender = Author & { readonly form: SentForm }

export const COMMAND_LINE: Author = { kind: 'system', name: 'command-line' }

export const isStaff = (author: Author): author is StaffActor => author.kind === 'staff'

export const isStaffRole = (text: unknown): text is StaffRole => STAFF_ROLES.includes(text as StaffRole)

/** How the author stands in the audit log: by an id, never by a name or login. */
export const authorName = (author: Author): string => (author.kind === 'system' ? `system:${author.name}` : `${author.kind}:${author.id}`)
