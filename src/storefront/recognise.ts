import { z } from 'zod'
import { activeMember, claimAttempt, giveBackAttempt, memberAtAddress } from '../members'
import type { Subject } from '../members'
import { inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { isUsableAddress } from '../shared/mail-address'
import type { Language } from '../shared/texts'
import type { StorefrontDeps, StorefrontSettings } from './deps'
import { claimTry, insertCode, isCode, useCode } from './one-time-codes'
import { idOfMemberPass, sealMemberPass } from './passes'

export type RecogniseDeps = StorefrontDeps

export const EMAIL = z.email().max(254).refine(isUsableAddress)

/**
 * How often in fifteen minutes, from one network address: about one e-mail address, and about all of them. The same for addresses that belong to nobody. What a stranger does
 * elsewhere does not count against the member: how many letters go and how many tries a code stands bounds what all of them can guess.
 */
const MOST_ASKED = { email: 5, address: 30 } as const
const MOST_WRONG = { email: 10, address: 50 } as const

/**
 * Sends a code of six digits to a member who says who they are by an e-mail address. Whether somebody has that address makes no difference to the answer and none to the
 * work: one row is written, and whoever sends letters finds out. The code lives for ten minutes; a newer one takes its place. While the address has had enough letters no row is written, and the answer is the same.
 * @param address the network address that limits count by, as `RouteContext.address` gives it; @throws Refusal bad_input (detail: email), too_many_requests
 */
export async function askForCode(
  deps: RecogniseDeps,
  { email: typed, address, language }: { readonly email: string; readonly address: string; readonly language: Language },
): Promise<void> {
  const email = readEmail(typed)
  const { db, clock } = deps
  await claimAll(deps, subjectsOf(deps, 'asked', { email, address, most: MOST_ASKED }))
  const { oneTimeCodes } = deps.storefront
  const digest = oneTimeCodes.digest(email)
  await inTransaction(db, (tx) => insertCode(tx, oneTimeCodes, { email, digest, language, at: clock.now() }))
}

/**
 * Takes the code from the letter for a pass that says who the member is, for thirty minutes. It opens nothing but the mini-app: it is no session. An unknown address, two
 * members with one address, a locked member and a wrong code get one answer. Five tries at a code; ten wrong ones of an address from one network in fifteen minutes, whichever code.
 * @throws Refusal bad_input (detail: email), code_wrong, too_many_requests
 */
export async function recogniseMember(
  deps: RecogniseDeps,
  { email: typed, code, address }: { readonly email: string; readonly code: string; readonly address: string },
): Promise<string> {
  const email = readEmail(typed)
  const { db, clock, storefront } = deps
  const counted = subjectsOf(deps, 'tried', { email, address, most: MOST_WRONG })
  await claimAll(deps, counted)
  const member = await memberAtAddress(db, email)
  const isRight = await inTransaction(db, async (tx) => {
    const asked = await claimTry(tx, storefront.oneTimeCodes.digest(email), clock.now())
    return asked !== undefined && isCode(storefront.oneTimeCodes, asked.id, code) && (await useCode(tx, asked.id, clock.now()))
  })
  if (!isRight || !member || member.lockedAt) throw new Refusal('code_wrong')
  await giveBackAttempt(db, counted)
  return sealMemberPass(deps, member.id)
}

/** Who a pass names; undefined when it is over or forged, and when the member was locked or erased since. */
export async function memberOfPass(
  deps: RecogniseDeps,
  pass: string | undefined,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const id = idOfMemberPass(deps, pass)
  return id === undefined ? undefined : activeMember(deps.db, id)
}

/** In the spelling by which it is counted. @throws Refusal bad_input (detail: email) */
export function readEmail(typed: string): string {
  const email = EMAIL.safeParse(typed.trim().toLowerCase())
  if (!email.success) throw new Refusal('bad_input', 'email')
  return email.data
}

interface Counted {
  readonly email: string
  readonly address: string
  readonly most: { readonly email: number; readonly address: number }
}

type Asked = 'asked' | 'tried'

/** Only keyed digests are stored: an address is personal. */
const digestFor = ({ oneTimeCodes }: StorefrontSettings, what: Asked, of: string): string => oneTimeCodes.digest(`${what}: ${of}`)

const subjectsOf = ({ storefront }: RecogniseDeps, what: Asked, { email, address, most }: Counted): Subject[] => [
  { digest: digestFor(storefront, what, `address ${address}`), most: most.address },
  { digest: digestFor(storefront, what, `email ${email} from ${address}`), most: most.email },
]

/** Limits are counted in the database, which all processes share. @throws Refusal too_many_requests */
async function claimAll({ db, clock, log }: RecogniseDeps, subjects: readonly Subject[]): Promise<void> {
  for (const subject of subjects) {
    if (await claimAttempt(db, subject, clock.now())) continue
    log.warn('a one-time code was refused: too many requests')
    throw new Refusal('too_many_requests')
  }
}
