import { z } from 'zod'
import { delegate, delegationsOf, withdrawDelegation } from '../../autopay'
import type { Delegation } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { dayEnd, dayOf, dayStart, isDay } from '../../shared/days'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import type { Reader } from '../reader'
import { momentCell } from '../reader'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf, TURNS } from './desk'

const DAY = z.string().refine(isDay)

/** The doors of standing in: who signs in whose place, and until when. */
export const turnRoutes = (deps: AutopayPagesDeps): Route[] => [showTurns(deps), handOver(deps), takeBack(deps)]

const showTurns = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: TURNS,
    policy: staffWith('autopay.read'),
    summary: 'Lists who stands in for whom, as far as it concerns whoever looks.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const { staff, input } = context
      const { desk } = await deskOf(context, { db, zone, part: 'turns', back: TURNS, done: input.query.done })
      const found = await delegationsOf(db, staff.id, clock.now())
      const items = presentTurns(found, await staffLogins(db), staff, { ...context, zone })
      context.page('backoffice/autopay-turns', {
        ...desk,
        items,
        mayHandOver: may(staff, 'autopay.approve'),
        today: dayOf(clock.now(), zone),
      })
    },
  })

const presentTurns = (found: readonly Delegation[], logins: ReadonlyMap<string, string>, staff: StaffActor, reader: Reader) =>
  found.map(({ id, fromStaff, toStaff, beginsAt, endsAt }) => {
    const name = (staffId: string): string => logins.get(`staff:${staffId}`) ?? staffId
    return {
      id,
      who: reader.t('autopay.turns.for', { to: name(toStaff), from: name(fromStaff) }),
      span: `${momentCell(beginsAt, reader).text} — ${momentCell(endsAt, reader).text}`,
      mayWithdraw: fromStaff === staff.id,
    }
  })

const handOver = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: TURNS,
    policy: staffWith('autopay.approve'),
    summary: "Hands one's own turn to approve to somebody else for a while.",
    input: { body: z.object({ to: z.string().trim().min(1).max(64), from: DAY, until: DAY }) },
    handle: async ({ input: { body }, staff, redirect }) => {
      const toStaff = await staffByLogin(deps.db, body.to)
      const span = { beginsAt: dayStart(body.from, deps.zone), endsAt: dayEnd(body.until, deps.zone) }
      await delegate(deps, { toStaff, ...span, author: staff })
      redirect(`${TURNS}?done=done`)
    },
  })

/** @throws Refusal bad_input (detail: to) */
async function staffByLogin(db: Db, login: string): Promise<string> {
  const found = [...(await staffLogins(db))].find(([, name]) => name === login.toLowerCase())
  if (!found) throw new Refusal('bad_input', 'to')
  return found[0].slice('staff:'.length)
}

const takeBack = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${TURNS}/:id/withdraw`,
    policy: staffWith('autopay.approve'),
    summary: "Takes one's own turn back.",
    input: { params: z.object({ id: z.string().refine(looksLikeId) }), body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await withdrawDelegation(deps, input.params.id, staff)
      redirect(`${TURNS}?done=done`)
    },
  })
