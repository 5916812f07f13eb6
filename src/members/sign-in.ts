import type { Actor } from '../shared/actor'
import { sha256 } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { accountSubject, addressSubject, claimAttempt, giveBackAttempt } from './attempts'
import { canonicalLogin } from './login'
import type { MembersDeps } from './member'
import { DECOY_HASH, isPassword } from './password'
import { readCredential } from './store'
import type { Credential } from './store'

export interface SignInRequest {
  readonly login: string
  readonly password: string
  /** The network address that limits count by, as `RouteContext.address` gives it: an IPv4 address or an IPv6 /64. */
  readonly address: string
}

type Deps = Omit<MembersDeps, 'ledger'>

/**
 * Tells who signs in. An unknown login, a wrong password and a disabled member of staff get one answer and cost one check of a hash, so nobody learns which logins exist.
 * Ten failures of one login, or fifty from one address, close it for the rest of their fifteen minutes, to the right password too.
 * A locked member may sign in.
 * @throws Refusal wrong_login_or_password, too_many_attempts
 */
export async function signIn(deps: Deps, request: SignInRequest): Promise<Actor> {
  const login = canonicalLogin(request.login)
  const subjects = [addressSubject(request.address), accountSubject(login ?? sha256(request.login))]
  for (const subject of subjects) {
    if (await claimAttempt(deps.db, subject, deps.clock.now())) continue
    deps.log.warn('a sign-in was refused: too many failures')
    throw new Refusal('too_many_attempts')
  }
  const credential = await readCredential(deps.db, login ?? '')
  const right = await isPassword(credential?.passwordHash ?? DECOY_HASH, request.password)
  if (!credential || !right || credential.disabled) throw new Refusal('wrong_login_or_password')
  await giveBackAttempt(deps.db, subjects)
  deps.log.info({ actor: `${credential.kind}:${credential.id}` }, 'signed in')
  return toActor(credential)
}

function toActor({ kind, id, login, role }: Credential): Actor {
  if (kind === 'member') return { kind, id, login }
  if (role === null) throw new Error('bug: a member of staff without a role')
  return { kind, id, login, role }
}
