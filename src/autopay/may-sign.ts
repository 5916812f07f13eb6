import { readSameHands } from '../approvals'
import type { StaffActor } from '../shared/actor'
import { roleMay } from '../shared/permissions'
import { activeDelegations } from './delegations'
import { neededSteps } from './limit-gates'
import type { NeededStep } from './limit-gates'
import type { Organisation } from './organisation'
import type { Signature } from './words-store'
import type { Db } from '../shared/database'

/** A person who may sign, and for whom besides themselves. */
export interface Signer {
  readonly actor: StaffActor
  /** Approvers who have handed their turn to this person, as of now. */
  readonly standsInFor: readonly string[]
  /** Whoever could be this person, or this person them, as far as it is known who let whom in (ADR 0024): two signatures of theirs may be one hand's. */
  readonly sameHands: ReadonlySet<string>
}

export const signerOf = async (db: Db, actor: StaffActor, now: Date): Promise<Signer> => ({
  actor,
  standsInFor: (await activeDelegations(db, actor.id, now)).map(({ fromStaff }) => fromStaff),
  sameHands: (await readSameHands(db))(actor.id),
})

/** How a step is signed by this person: on their own, or in the place of an approver. */
export type Signing = { readonly onBehalfOf: string | null } | undefined

const spentBy = (earlier: readonly Signature[]): string[] =>
  earlier.flatMap(({ staffId, onBehalfOf }) => (onBehalfOf === null ? [staffId] : [staffId, onBehalfOf]))

/** Whether somebody has signed, or was signed for, who could be this person, or this person them. */
export const isSameHand = ({ actor, sameHands }: Signer, earlier: readonly Signature[]): boolean =>
  spentBy(earlier).some((id) => id !== actor.id && sameHands.has(id))

/** Whether this person may sign a step. Whoever has signed, or was signed for, does not count a second time, nor does whoever could be them. */
export function signingOf(signer: Signer, { approvers }: NeededStep, earlier: readonly Signature[]): Signing {
  const { actor, standsInFor } = signer
  const spent = spentBy(earlier)
  if (!roleMay(actor.role, 'autopay.approve') || spent.includes(actor.id) || isSameHand(signer, earlier)) return undefined
  if (approvers === null || approvers.includes(actor.id)) return { onBehalfOf: null }
  const absent = approvers.find((id) => standsInFor.includes(id) && !spent.includes(id))
  return absent === undefined ? undefined : { onBehalfOf: absent }
}

export const hasSigned = ({ id }: StaffActor, earlier: readonly Signature[]): boolean =>
  earlier.some(({ staffId, onBehalfOf }) => staffId === id || onBehalfOf === id)

const NOBODY: ReadonlySet<string> = new Set()

/** Why this person may not sign a step that would be theirs, had nobody signed before; undefined where they may, and where it is not theirs anyway. */
export function whyNoSigning(signer: Signer, step: NeededStep, earlier: readonly Signature[]): 'signed' | 'same_hands' | undefined {
  const isTheirs = signingOf({ ...signer, sameHands: NOBODY }, step, []) !== undefined
  if (!isTheirs || signingOf(signer, step, earlier) !== undefined) return undefined
  if (hasSigned(signer.actor, earlier)) return 'signed'
  return isSameHand(signer, earlier) ? 'same_hands' : undefined
}

/** The step whose turn it is; undefined when all are signed. */
export function nextStepOf(organisation: Organisation, amount: bigint, signed: readonly Signature[]): NeededStep | undefined {
  const done = signed.map(({ step }) => step)
  return neededSteps(organisation, amount).find(({ index }) => !done.includes(index))
}
