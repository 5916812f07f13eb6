import { z } from 'zod'
import { amountText, requireNoHeavier } from '../approvals'
import type { Deed, Performer, Weight } from '../approvals'
import type { AuditFacts } from '../shared/audit'
import { noteUnchanged, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction, lockName } from '../shared/database'
import { parseMoney, toDecimal } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { memberAccount } from '../ledger'
import { readMember } from './find-member'
import { PROGRAMME, readLimits, writeLimits } from './limits'
import type { HoldingLimits, SpendingLimits } from './limits'
import type { MembersDeps } from './member'

const LIMIT = amountText('PTS', { orZero: true }).nullable()
const LIMITS = { perPayment: LIMIT, perDay: LIMIT, perMonth: LIMIT }
/** Without limits of their own a member follows the programme. */
const OF_MEMBER = z.strictObject({ memberId: z.string().max(36), own: z.boolean(), ...LIMITS })
const OF_PROGRAMME = z.strictObject(LIMITS)

export type MemberLimitsPayload = z.output<typeof OF_MEMBER>
export type ProgrammeLimitsPayload = z.output<typeof OF_PROGRAMME>

export interface LimitDeeds {
  readonly ofMember: Deed<MemberLimitsPayload, void>
  readonly ofProgramme: Deed<ProgrammeLimitsPayload, void>
}

type Deps = Pick<MembersDeps, 'db' | 'clock'>

/** What staff may do about how much members spend. Lowering a limit is one person's to do; a raised one counts as what it comes to, and lifting one always. */
export const limitDeeds = (deps: Deps): LimitDeeds => ({
  ofMember: {
    kind: 'member_limits_set',
    permission: 'members.limits',
    payload: OF_MEMBER,
    weigh: async (payload) => weighRaise(await readLimits(deps.db, payload.memberId), await wanted(deps, payload)),
    async preview(payload) {
      await requireLiving(deps, payload.memberId)
      const [before, after] = [await readLimits(deps.db, payload.memberId), await wanted(deps, payload)]
      return { subject: memberAccount(payload.memberId), before: ownFacts(before), after: ownFacts(after) }
    },
    wasDone: (key, { payload: { memberId }, author }) => wasCarriedOut(deps.db, keyOf('member_limits_set', memberId, key), author),
    async perform(payload, by) {
      await requireLiving(deps, payload.memberId)
      await setLimits(deps, { subject: payload.memberId, limits: payload.own ? toLimits(payload) : null, action: 'member_limits_set' }, by)
    },
  },
  ofProgramme: {
    kind: 'programme_limits_set',
    permission: 'members.limits',
    payload: OF_PROGRAMME,
    weigh: async (payload) => weighRaise(await readLimits(deps.db, PROGRAMME), toLimits(payload)),
    preview: async (payload) => ({
      subject: PROGRAMME,
      before: limitFacts(await readLimits(deps.db, PROGRAMME)),
      after: limitFacts(toLimits(payload)),
    }),
    wasDone: (key, { author }) => wasCarriedOut(deps.db, keyOf('programme_limits_set', PROGRAMME, key), author),
    perform: (payload, by) => setLimits(deps, { subject: PROGRAMME, limits: toLimits(payload), action: 'programme_limits_set' }, by),
  },
})

async function requireLiving({ db }: Deps, memberId: string): Promise<void> {
  if ((await readMember(db, memberId)).erasedAt) throw new Refusal('member_erased')
}

const minorOf = (text: string | null): bigint | null => (text === null ? null : parseMoney(text, 'PTS').minor)

const toLimits = ({ perPayment, perDay, perMonth }: ProgrammeLimitsPayload): SpendingLimits => ({
  perPayment: minorOf(perPayment),
  perDay: minorOf(perDay),
  perMonth: minorOf(perMonth),
})

const wanted = async ({ db }: Deps, payload: MemberLimitsPayload): Promise<HoldingLimits> =>
  payload.own ? { ...toLimits(payload), own: true } : readLimits(db, PROGRAMME)

const NAMES = ['perPayment', 'perDay', 'perMonth'] as const

/**
 * What the largest of those that are raised comes to: by how much would let many small steps lead anywhere. A limit that falls away is a raise without a measure.
 */
export function weighRaise(before: SpendingLimits, after: SpendingLimits): Weight {
  let most = 0n
  for (const name of NAMES) {
    const [was, is] = [before[name], after[name]]
    if (was === null) continue
    if (is === null) return 'always'
    if (is > was && is > most) most = is
  }
  return most === 0n ? 'never' : { minor: most, unit: 'PTS' }
}

const fact = (minor: bigint | null): string => (minor === null ? 'unlimited' : `${toDecimal(minor)} PTS`)

const limitFacts = ({ perPayment, perDay, perMonth }: SpendingLimits): AuditFacts => ({
  per_payment: fact(perPayment),
  per_day: fact(perDay),
  per_month: fact(perMonth),
})

const ownFacts = (limits: HoldingLimits): AuditFacts => ({ own_limits: limits.own, ...limitFacts(limits) })

interface Change {
  readonly subject: string
  readonly limits: SpendingLimits | null
  readonly action: string
}

const keyOf = (action: string, subject: string, key: string): string => `${action}:${subject}:${key}`

/** Sets limits with their audit row; a change that changes nothing leaves only its key. A form that is sent again does nothing more, whatever was done in between. */
async function setLimits({ db, clock }: Deps, { subject, limits, action }: Change, by: Performer): Promise<void> {
  const { author, reason, approvedBy } = by
  requirePermission(author, 'members.limits')
  const at = clock.now()
  const facts = subject === PROGRAMME ? limitFacts : ownFacts
  const instructionKey = keyOf(action, subject, by.key)
  await inTransaction(db, async (tx) => {
    await lockName(tx, `spending limits ${subject}`)
    if (await wasCarriedOut(tx, instructionKey, author)) return
    const was = await readLimits(tx, subject)
    await writeLimits(tx, subject, limits, at)
    const is = await readLimits(tx, subject)
    // Somebody may have lowered them since: what was no raise then is one now.
    requireNoHeavier(weighRaise(was, is), by.weighed)
    const [before, after] = [facts(was), facts(is)]
    const entry = { author, at, subject: subject === PROGRAMME ? PROGRAMME : memberAccount(subject), reason, instructionKey }
    if (JSON.stringify(before) === JSON.stringify(after)) return noteUnchanged(tx, entry)
    await writeAudit(tx, [{ ...entry, action, before, after, ...(approvedBy && { approvedBy }) }])
  })
}
