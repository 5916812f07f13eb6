import { passwordStamp } from '../members'
import type { Actor, StaffActor } from '../shared/actor'
import { MINUTE } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { needsFactor } from './second-factor'
import { actorOf, subjectOf } from './staff'
import type { StaffDeps, StaffMember } from './staff'
import { staffById, stillStands } from './store'

/** Somebody whose password was right, as their session keeps it until they have shown a code. */
export interface Halfway {
  readonly staffId: string
  /** A digest of the password: it must still be the same one when the code comes. */
  readonly stamp: string
  readonly at: number
  readonly next: string | null
}

/** What a request can do about sessions. */
export interface Door {
  signIn(actor: Actor): Promise<void>
  signInHalfway(halfway: Halfway): Promise<void>
  signOut(): Promise<void>
}

const HALFWAY_LASTS = 10 * MINUTE

export const CODE_PATH = '/sign-in/code'
export const ENROL_PATH = '/sign-in/enrol'

/**
 * After the right password: signs in whoever needs no second factor, and sends the others on to show or to set one up. Until then nobody is signed in.
 * @returns the path to go on to
 */
export async function admitStaff(
  deps: StaffDeps,
  door: Door,
  actor: StaffActor,
  { stamp, next = null }: { readonly stamp: string; readonly next?: string | null | undefined },
): Promise<string> {
  const staff = await staffById(deps.db, actor.id)
  const path = staff && deps.settings.secondFactor ? pathToShow(deps, staff) : null
  if (path === null) return enter(deps, door, actor, { stamp, next })
  await door.signInHalfway({ staffId: actor.id, stamp, at: deps.clock.now().getTime(), next })
  return path
}

function pathToShow(deps: StaffDeps, staff: StaffMember): string | null {
  if (staff.hasFactor) return CODE_PATH
  return needsFactor(deps, staff) ? ENROL_PATH : null
}

/** The person halfway in, as they are now; undefined when the ten minutes are over or anything about them has changed. */
export async function readHalfway({ db, clock }: StaffDeps, halfway: Halfway | null): Promise<StaffMember | undefined> {
  if (!halfway) return undefined
  const age = clock.now().getTime() - halfway.at
  if (age < -MINUTE || age > HALFWAY_LASTS) return undefined
  const staff = await staffById(db, halfway.staffId)
  return staff && staff.disabledAt === null && passwordStamp(staff.passwordHash) === halfway.stamp ? staff : undefined
}

/**
 * Signs in under a new session id, then looks whether the person still has the role and the password that let them in: whoever takes these away ends all sessions in the
 * same transaction, and a session that came a moment later must not outlive it.
 * @throws Refusal wrong_login_or_password
 */
export async function enter(
  { db, log }: StaffDeps,
  door: Door,
  actor: StaffActor,
  { stamp, next }: { stamp: string; next: string | null },
): Promise<string> {
  await door.signIn(actor)
  const staff = await inTransaction(db, (tx) => stillStands(tx, actor))
  if (staff && passwordStamp(staff.passwordHash) === stamp) {
    log.info({ actor: subjectOf(actor.id) }, 'a member of staff has signed in')
    return next ?? '/admin'
  }
  await door.signOut()
  throw new Refusal('wrong_login_or_password')
}

/** Signs in whoever was halfway and has shown a code. */
export const enterFromHalfway = (deps: StaffDeps, door: Door, staff: StaffMember, { stamp, next }: Halfway): Promise<string> =>
  enter(deps, door, actorOf(staff), { stamp, next })

/**
 * Signs somebody in anew who has just changed what lets them in, unless their role or their access was taken away meanwhile.
 * @throws Refusal wrong_login_or_password
 */
export async function enterAgain({ db }: StaffDeps, door: Door, actor: StaffActor): Promise<void> {
  await door.signIn(actor)
  if (await inTransaction(db, (tx) => stillStands(tx, actor))) return
  await door.signOut()
  throw new Refusal('wrong_login_or_password')
}
