import type { Actor, MemberActor, StaffActor, StaffRole } from '../shared/actor'
import { rolesWith } from '../shared/permissions'
import type { Permission } from '../shared/permissions'

/**
 * Who may use a route. There is no default: a route without a policy keeps the app from starting.
 *
 * - `public`: anybody, signed in or not.
 * - `member`, `staff`: that kind of actor alone; staff in one of the roles.
 * - `anyone-signed-in`: a member or staff of any role.
 * - `probe`: machines that watch the process; no session, no limits, no pages.
 */
export type Policy =
  | { readonly kind: 'public' }
  | { readonly kind: 'member' }
  | { readonly kind: 'staff'; readonly roles: readonly StaffRole[] }
  | { readonly kind: 'anyone-signed-in' }
  | { readonly kind: 'probe' }

/** Who can stand before the handler once the policy has let them through. */
export type ActorUnder<P extends Policy> = P['kind'] extends 'member'
  ? MemberActor
  : P['kind'] extends 'staff'
    ? StaffActor
    : P['kind'] extends 'anyone-signed-in'
      ? Actor
      : P['kind'] extends 'probe'
        ? null
        : Actor | null

/** Staff who have this right. */
export const staffWith = (permission: Permission): { readonly kind: 'staff'; readonly roles: readonly StaffRole[] } => ({
  kind: 'staff',
  roles: rolesWith(permission),
})

export type Admission = 'admitted' | 'sign-in-first' | 'forbidden'

const KINDS: readonly string[] = ['public', 'member', 'staff', 'anyone-signed-in', 'probe'] satisfies Policy['kind'][]

export const isPolicy = (value: unknown): value is Policy => KINDS.includes((value as { kind?: string } | undefined)?.kind ?? '')

/** Whether this actor may use a route under this policy. */
export function admit(policy: Policy, actor: Actor | null): Admission {
  if (policy.kind === 'public' || policy.kind === 'probe') return 'admitted'
  if (!actor) return 'sign-in-first'
  if (policy.kind === 'anyone-signed-in') return 'admitted'
  if (policy.kind === 'member') return actor.kind === 'member' ? 'admitted' : 'forbidden'
  return actor.kind === 'staff' && policy.roles.includes(actor.role) ? 'admitted' : 'forbidden'
}
