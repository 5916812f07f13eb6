import { authorName, isStaff, isStaffRole, STAFF_ROLES } from '../shared/actor'
import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { DAY } from '../shared/clock'
import { inTransaction, iso, moment, optionalMoment } from '../shared/database'
import type { Db } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { oncePerForm } from '../shared/once-per-form'
import { requirePermission, roleMay } from '../shared/permissions'
import { Refusal } from '../shared/refusals'

/** Somebody's turn to sign, handed to another for a while. */
export interface Delegation {
  readonly id: string
  readonly fromStaff: string
  readonly toStaff: string
  readonly beginsAt: Date
  readonly endsAt: Date
  readonly withdrawnAt: Date | null
}

interface Row {
  id: string
  from_staff: string
  to_staff: string
  begins_at: Date | string
  ends_at: Date | string
  withdrawn_at: Date | string | null
}

const MAY_SIGN = STAFF_ROLES.filter((role) => roleMay(role, 'autopay.approve'))

const toDelegation = (row: Row): Delegation => ({
  id: row.id,
  fromStaff: row.from_staff,
  toStaff: row.to_staff,
  beginsAt: moment(row.begins_at),
  endsAt: moment(row.ends_at),
  withdrawnAt: optionalMoment(row.withdrawn_at),
})

/** Who has handed their turn to this person, as of now. Whoever has left, or may not sign any more, has no turn that another could take. */
export const activeDelegations = (db: Db, toStaff: string, now: Date): Promise<Delegation[]> => delegationsAt(db, now, toStaff)

async function delegationsAt(db: Db, now: Date, toStaff?: string): Promise<Delegation[]> {
  const query = db('autopay_delegations as d')
    .join('staff as s', 's.id', 'd.from_staff')
    .whereNull('s.disabled_at')
    .whereIn('s.role', MAY_SIGN)
    .whereNull('d.withdrawn_at')
    .where('d.begins_at', '<=', iso(now))
    .where('d.ends_at', '>', iso(now))
    .orderBy('d.id')
    .select<Row[]>('d.*')
  if (toStaff !== undefined) void query.where({ 'd.to_staff': toStaff })
  return (await query).map(toDelegation)
}

/** Whom each person stands in for, by their ids, as of now: the same for everybody at once. */
export async function standInsAt(db: Db, now: Date): Promise<Map<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>()
  for (const { fromStaff, toStaff } of await delegationsAt(db, now)) found.set(toStaff, [...(found.get(toStaff) ?? []), fromStaff])
  return found
}

/** Those that are not over, that this person has given or got. */
export async function delegationsOf(db: Db, staffId: string, now: Date): Promise<Delegation[]> {
  const rows = (await db('autopay_delegations')
    .where((whose) => void whose.where({ from_staff: staffId }).orWhere({ to_staff: staffId }))
    .whereNull('withdrawn_at')
    .where('ends_at', '>', iso(now))
    .orderBy('id')
    .limit(50)) as Row[]
  return rows.map(toDelegation)
}

interface Deps {
  readonly db: Db
  readonly clock: Clock
}

export interface NewDelegation {
  readonly toStaff: string
  readonly beginsAt: Date
  readonly endsAt: Date
  readonly author: Author
  /** Names the intent: a form that is sent again hands over nothing more, also when it was taken back in between. */
  readonly key?: string | undefined
}

/** Whoever is away longer is to be replaced in the organisation's steps. */
const LONGEST_MS = 92 * DAY

/**
 * Hands one's own turn to sign to another, who must be allowed to approve. Nobody can hand over what is somebody else's.
 * @throws Refusal forbidden, bad_input (detail: the field), not_found for somebody who is not there or was disabled, key_reused
 */
export async function delegate({ db, clock }: Deps, { toStaff, beginsAt, endsAt, author, key }: NewDelegation): Promise<void> {
  requirePermission(author, 'autopay.approve')
  if (!isStaff(author)) throw new Refusal('forbidden', 'a person hands over their own turn')
  const at = clock.now()
  if (endsAt <= beginsAt || endsAt <= at || endsAt.getTime() - beginsAt.getTime() > LONGEST_MS) throw new Refusal('bad_input', 'until')
  if (toStaff === author.id) throw new Refusal('bad_input', 'to')
  const stand: { role: string } | undefined = await db('staff').where({ id: toStaff }).whereNull('disabled_at').first('role')
  if (!stand) throw new Refusal('not_found', 'staff')
  if (!isStaffRole(stand.role) || !roleMay(stand.role, 'autopay.approve')) throw new Refusal('bad_input', 'to')
  const after = { to: `staff:${toStaff}`, from: iso(beginsAt), until: iso(endsAt) }
  const row = { from_staff: author.id, to_staff: toStaff, begins_at: iso(beginsAt), ends_at: iso(endsAt), created_by: authorName(author) }
  const form = { author, key, kind: 'autopay_turn_delegated', contents: after }
  await inTransaction(db, (tx) =>
    oncePerForm(tx, form, async (mark) => {
      await tx('autopay_delegations').insert({ id: newSortedId(), ...row, created_at: iso(at) })
      await writeAudit(tx, [{ ...mark, at, action: form.kind, subject: authorName(author), after }])
    }),
  )
}

/** Takes one's own turn back; what was taken back before stays so. @throws Refusal not_found for what is not theirs */
export async function withdrawDelegation({ db, clock }: Deps, id: string, author: Author): Promise<void> {
  requirePermission(author, 'autopay.approve')
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    const own = () => tx('autopay_delegations').where({ id, from_staff: isStaff(author) ? author.id : '' })
    const changed = await own()
      .whereNull('withdrawn_at')
      .update({ withdrawn_at: iso(at) })
    if (changed === 0 && (await own().first('id')) === undefined) throw new Refusal('not_found', 'delegation')
    if (changed === 0) return
    await writeAudit(tx, [{ author, at, action: 'autopay_delegation_withdrawn', subject: authorName(author), after: { delegation: id } }])
  })
}
