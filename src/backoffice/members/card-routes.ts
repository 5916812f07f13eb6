import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import { memberAccount } from '../../ledger'
import { readErasure, readLimits, readMember, readStatement, viewPerson } from '../../members'
import type { Member } from '../../members'
import { periodsAt, readSpent } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId } from '../../shared/ids'
import { roleMay } from '../../shared/permissions'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { waitingRows } from '../waiting'
import type { MemberPagesDeps } from './deps'
import { amountTyped, TYPED_AMOUNT } from './typed-amount'
import { shownLogin } from './mask'
import { presentCard } from './present-card'
import { MEMBERS_PATH } from './present'

export const MEMBER = z.object({ id: z.string().refine(looksLikeId) })
const CARD = `${MEMBERS_PATH}/:id`

/** The doors of a member's card: looking, moving points, locking. */
export const cardRoutes = (deps: MemberPagesDeps): Route[] => [
  showCard(deps),
  ...(['credit', 'debit'] as const).map((name) => move(deps, name)),
  lock(deps),
  unlock(deps),
]

const showCard = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: CARD,
    policy: staffWith('members.read'),
    summary: 'Shows a member: points, limits, the latest movements, and the person to those who may see it.',
    input: { params: MEMBER, query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const { staff, input, t, language } = context
      const card = await readCard(deps, input.params.id, staff)
      const model = presentCard(card, { t, language, zone: deps.config.timeZone })
      const waiting = await waitingRows(context, deps.approvals, memberAccount(input.params.id))
      context.page('backoffice/member', { frame: frameOf(context, 'members', input.query.done), waiting, ...model })
    },
  })

/** @throws Refusal not_found */
async function readCard(deps: MemberPagesDeps, id: string, staff: StaffActor): Promise<Parameters<typeof presentCard>[0]> {
  const { db, clock, config } = deps
  const statement = await readStatement(deps, id)
  const mayLook = roleMay(staff.role, 'members.read-personal')
  const [limits, spent, erasure, person] = await Promise.all([
    readLimits(db, id),
    readSpent(db, id, periodsAt(clock.now(), config.timeZone)),
    readErasure(db, id),
    mayLook ? viewPerson(deps, id, staff) : undefined,
  ])
  return { statement, limits, spent, person, isErased: erasure !== undefined, role: staff.role }
}

/** What every form about a member needs: the member, as whoever sends it may name them. */
export async function namedMember(
  { db }: MemberPagesDeps,
  id: string,
  staff: StaffActor,
): Promise<{ member: Member; login: string; path: string }> {
  const member = await readMember(db, id)
  return { member, login: shownLogin(member.login, staff.role), path: `${MEMBERS_PATH}/${id}` }
}

const move = (deps: MemberPagesDeps, name: 'credit' | 'debit'): Route =>
  defineRoute({
    method: 'post',
    path: `${CARD}/${name}`,
    policy: staffWith('members.adjust'),
    summary:
      name === 'credit'
        ? 'Gives a member points, after a look at what would change.'
        : 'Takes points from a member, after a look at what would change.',
    input: { params: MEMBER, body: z.object({ points: TYPED_AMOUNT, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { id } = context.input.params
      const { points } = context.input.body
      const { login, path } = await namedMember(deps, id, context.staff)
      const what = context.t(`member.what.${name}`, { login, points: amountTyped(points, context.language) })
      const form = {
        section: 'members',
        payload: { memberId: id, points },
        what,
        action: `${path}/${name}`,
        fields: { points },
        typed: ['points'],
        back: path,
      } as const
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.points[name] })
    },
  })

const LOCK_BODY = z.object({ ...DEED_FIELDS })

const lock = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${CARD}/lock`,
    policy: staffWith('members.lock'),
    summary: 'Keeps a member from paying, for a reason that the member will see.',
    input: { params: MEMBER, body: LOCK_BODY },
    handle: (context) => answerLock(deps, context, 'lock'),
  })

const unlock = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${CARD}/unlock`,
    policy: staffWith('members.lock'),
    summary: 'Lets a locked member pay again.',
    input: { params: MEMBER, body: LOCK_BODY },
    handle: (context) => answerLock(deps, context, 'unlock'),
  })

type LockContext = Pick<RouteContext, 'page' | 'redirect' | 't' | 'language'> & {
  readonly staff: StaffActor
  readonly input: { readonly params: z.output<typeof MEMBER>; readonly body: z.output<typeof LOCK_BODY> }
}

async function answerLock(deps: MemberPagesDeps, context: LockContext, name: 'lock' | 'unlock'): Promise<void> {
  const { id } = context.input.params
  const { login, path } = await namedMember(deps, id, context.staff)
  const what = context.t(`member.what.${name}`, { login })
  const form = { section: 'members', payload: { memberId: id }, what, action: `${path}/${name}`, fields: {}, back: path } as const
  await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.members[name] })
}
