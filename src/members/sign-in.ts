import type { Actor } from '../shared/actor'
import { sha256 } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { accountSubject, addressSubject, claimAttempt, giveBackAttempt } from './attempts'
import type { Subject } from './attempts'
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

/** Somebody whose password was right. */
export interface Authenticated {
  readonly actor: Actor
  /** A digest of the password as it was stored: whoever has to show something more must still have the same one then. */
  readonly stamp: string
}

/** Tells who signs in, as `authenticate` does. */
export const signIn = async (deps: Deps, request: SignInRequest): Promise<Actor> => (await authenticate(deps, request)).actor

/**
 * Tells who signs in. An unknown login, a wrong password and a disabled member of staff get one answer and cost one check of a hash, so nobody learns which logins exist.
 * Ten failures of one login, or fifty from one address, close it for the rest of their fifteen minutes, to the right password too.
 * A locked member may sign in.
 * @throws Refusal wrong_login_or_password, too_many_attempts
 */
export async function authenticate(deps: Deps, request: SignInRequest): Promise<Authenticated> {
  const login = canonicalLogin(request.login)
  const counted = await countAttempt(deps, { account: login ?? sha256(request.login), address: request.address })
  const credential = await readCredential(deps.db, login ?? '')
  const right = await isPassword(credential?.passwordHash ?? DECOY_HASH, request.password)
  if (!credential || !right || credential.disabled) throw new Refusal('wrong_login_or_password')
  await counted.giveBack()
  deps.log.info({ actor: `${credential.kind}:${credential.id}` }, 'the password was right')
  return { actor: toActor(credential), stamp: passwordStamp(credential.passwordHash) }
}

export const passwordStamp = (passwordHash: string): string => sha256(passwordHash).slice(0, 32)

/** One attempt that counts as a failure until it is given back. */
export interface CountedAttempt {
  giveBack(): Promise<void>
}

/**
 * Counts an attempt at an account before anything secret is looked at: passwords, codes of the second factor and codes for the first sign-in share their limits.
 * @throws Refusal too_many_attempts
 */
export async function countAttempt(
  { db, clock, log }: Deps,
  { account, address }: { readonly account: string; readonly address: string },
): Promise<CountedAttempt> {
  const subjects: Subject[] = [addressSubject(address), accountSubject(account)]
  for (const subject of subjects) {
    if (await claimAttempt(db, subject, clock.now())) continue
    log.warn('a sign-in was refused: too many failures')
    throw new Refusal('too_many_attempts')
  }
  return { giveBack: () => giveBackAttempt(db, subjects) }
}

function toActor({ kind, id, login, role }: Credential): Actor {
  if (kind === 'member') return { kind, id, login }
  if (role === null) throw new Error('bug: a member of staff without a role')
  return { kind, id, login, role }
}
