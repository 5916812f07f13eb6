import { readSameHands } from '../approvals'
import type { StaffActor, StaffRole } from '../shared/actor'
import { moment } from '../shared/database'
import type { Db } from '../shared/database'
import { roleMay, rolesWith } from '../shared/permissions'
import { standInsAt } from './delegations'
import type { NeededStep } from './limit-gates'
import { nextStepOf, signingOf } from './may-sign'
import type { Signer } from './may-sign'
import type { Organisation } from './organisation'
import { readOrganisations } from './organisation-store'
import { approvalFacts, contactNames, readTiding } from './outbox'
import type { Tiding } from './outbox'
import { openSignatures } from './words-store'
import type { Signature } from './words-store'

/** A letter about a tiding: to whom, and what stands in it. */
export interface TidingLetter {
  readonly recipient: string
  readonly facts: Readonly<Record<string, string>>
}

/** Whom to write to, and what: results go to the organisation's contacts, requests for a signature to those whose turn it is. */
export async function lettersAbout(db: Db, tiding: Tiding, now: Date): Promise<TidingLetter[]> {
  const organisation = (await readOrganisations(db)).find(({ id }) => id === tiding.organisationId)
  if (!organisation) return []
  const common = { organisation: organisation.name, run: tiding.source }
  if (tiding.topic !== 'approval')
    return contactNames(organisation).map((recipient) => ({ recipient, facts: { ...tiding.facts, ...common } }))
  const asked = await whoIsAsked(db, tiding, organisation, now)
  return asked.map(({ staffId, facts }) => ({ recipient: `staff:${staffId}`, facts: { ...facts, ...common } }))
}

/**
 * What a letter about the tiding `id` would say to this recipient now: a letter waits up to a day for the mail server, and people are taken off and sign meanwhile. Undefined when
 * there is nothing to say to them any more.
 */
export async function letterNow(
  db: Db,
  of: { readonly id: string; readonly recipient: string },
  now: Date,
): Promise<TidingLetter | undefined> {
  const tiding = await readTiding(db, of.id)
  return tiding && (await lettersAbout(db, tiding, now)).find(({ recipient }) => recipient === of.recipient)
}

/** Somebody whose turn it is, and what is to be said to them: how many invoices wait for this very person, and for how much. */
interface AskedToSign {
  readonly staffId: string
  readonly facts: Readonly<Record<string, string>>
}

interface Waiting {
  readonly id: string
  readonly amount: bigint
  readonly step: NeededStep
  readonly signed: readonly Signature[]
}

interface Candidate extends Signer {
  readonly isAssigned: boolean
}

/** Whom a request for signatures goes to: those who may sign what it is about as of now, who may know of the organisation, and who can be written to. */
async function whoIsAsked(db: Db, tiding: Tiding, organisation: Organisation, now: Date): Promise<AskedToSign[]> {
  const waiting = await waitingOf(db, tiding, organisation, now)
  if (waiting.length === 0) return []
  const candidates = await candidatesOf(db, organisation.id, now)
  return candidates.flatMap((candidate) => {
    const theirs = waiting.filter((invoice) => isTheirs(candidate, invoice, candidates))
    return theirs.length === 0 ? [] : [{ staffId: candidate.actor.id, facts: approvalFacts(theirs) }]
  })
}

/** A step that names nobody is for those who are assigned; whoever sees every organisation is asked where nobody else could be. */
function isTheirs(candidate: Candidate, { step, signed }: Waiting, all: readonly Candidate[]): boolean {
  if (!signingOf(candidate, step, signed)) return false
  return step.approvers !== null || candidate.isAssigned || !all.some((one) => one.isAssigned && signingOf(one, step, signed))
}

interface Asked {
  readonly id: string
  readonly amount: bigint
  readonly run_id: string | null
  readonly at: Date | string
}

/** What the tiding is about and still waits. Who has signed since has told the next ones. */
async function waitingOf(db: Db, { source, organisationId, at }: Tiding, organisation: Organisation, now: Date): Promise<Waiting[]> {
  const rows: Asked[] = await db('autopay_invoices as i')
    .join('autopay_decisions as d', 'd.id', 'i.decision_id')
    .where({ 'i.organisation_id': organisationId, 'i.queue': 'ask' })
    .where((about) => {
      void about.where({ 'd.run_id': source }).orWhereIn('i.id', db('autopay_signatures').where({ id: source }).select('invoice_id'))
    })
    .orderBy('i.id')
    .select('i.id', 'd.amount', 'd.run_id', 'd.at')
  const ids = rows.map(({ id }) => id)
  const signatures = await signaturesOn(db, ids, now)
  return rows.flatMap(({ id, amount, ...decision }) => {
    const signed = signatures.get(id) ?? []
    // A run asks by its decision, long before it ends and tells so: a signature between the two has told whoever is next.
    const isTold = ({ signedAt }: Signature): boolean => (decision.run_id === source ? signedAt >= moment(decision.at) : signedAt > at)
    const step = signed.some(isTold) ? undefined : nextStepOf(organisation, amount, signed)
    return step ? [{ id, amount, step, signed }] : []
  })
}

/** So many ids go into one statement. */
const SLICE = 500

async function signaturesOn(db: Db, ids: readonly string[], now: Date): Promise<Map<string, Signature[]>> {
  const found = new Map<string, Signature[]>()
  for (let from = 0; from < ids.length; from += SLICE)
    for (const signature of await openSignatures(db, ids.slice(from, from + SLICE), now))
      found.set(signature.invoiceId, [...(found.get(signature.invoiceId) ?? []), signature])
  return found
}

/** Staff who may approve and can be written to, as far as the organisation is there for them. */
async function candidatesOf(db: Db, organisationId: string, now: Date): Promise<Candidate[]> {
  const rows: { id: string; login: string; role: StaffRole; assigned: string | null }[] = await db('staff as s')
    .leftJoin('organisation_staff as o', (join) => void join.on('o.staff_id', 's.id').andOnVal('o.organisation_id', organisationId))
    .whereNull('s.disabled_at')
    .whereIn('s.role', [...rolesWith('autopay.approve')])
    .where((reachable) => void reachable.whereNotNull('s.email').orWhereLike('s.login', '%@%'))
    .orderBy('s.id')
    .select('s.id', 's.login', 's.role', 'o.staff_id as assigned')
  const standIns = await standInsAt(db, now)
  const sameHandsOf = await readSameHands(db)
  return rows
    .filter(({ role, assigned }) => assigned !== null || roleMay(role, 'organisations.all'))
    .map(({ id, login, role, assigned }) => {
      const actor: StaffActor = { kind: 'staff', id, login, role }
      return { actor, standsInFor: standIns.get(id) ?? [], sameHands: sameHandsOf(id), isAssigned: assigned !== null }
    })
}
