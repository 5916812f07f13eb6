import { z } from 'zod'
import { delegate, delegationsOf, withdrawDelegation } from '../../autopay'
import type { Delegation } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { dayEnd, dayOf, dayStart, isDay } from '../../shared/days'
import type { Db } from '../../shared/database'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import { DEED_FIELDS } from '../deed-routes'
import type { Reader } from '../reader'
import { periodTold } from '../reader'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf, TURNS } from './desk'

const DAY = z.string().refine(isDay)

/** The doors of standing in: who signs in whose place, and until when. */
export const turnRoutes = (deps: AutopayPagesDeps): Route[] => [showTurns(deps), handOver(deps), takeBack(deps)]

const showTurns = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: TURNS,
    policy: staffWith('autopay.read'),
    summary: 'Lists who stands in for whom, as far as it concerns whoever looks.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: (context) => showPage(deps, context, { done: context.input.query.done }),
  })

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

interface Typed {
  readonly to: string
  readonly from: string
  readonly until: string
}

interface Page {
  readonly done?: string | undefined
  /** What was typed and not taken, and why. */
  readonly typed?: Typed
  readonly fault?: string
}

async function showPage({ db, clock, zone }: AutopayPagesDeps, context: Context, { done, typed, fault = '' }: Page): Promise<void> {
  const { desk } = await deskOf(context, { db, zone, part: 'turns', back: TURNS, done })
  const found = await delegationsOf(db, context.staff.id, clock.now())
  const today = dayOf(clock.now(), zone)
  const model = {
    ...desk,
    items: presentTurns(found, await staffLogins(db), context.staff, { ...context, zone }),
    mayHandOver: may(context.staff, 'autopay.approve'),
    form: typed ?? { to: '', from: today, until: today },
    key: newId(),
    fault: fault === '' ? null : fault,
  }
  context.page('backoffice/autopay-turns', model, fault === '' ? 200 : 400)
}

const presentTurns = (found: readonly Delegation[], logins: ReadonlyMap<string, string>, staff: StaffActor, reader: Reader) =>
  found.map(({ id, fromStaff, toStaff, beginsAt, endsAt }) => {
    const name = (staffId: string): string => logins.get(`staff:${staffId}`) ?? staffId
    return {
      id,
      who: reader.t('autopay.turns.for', { to: name(toStaff), from: name(fromStaff) }),
      span: periodTold({ firstAt: beginsAt, lastAt: endsAt }, reader),
      mayWithdraw: fromStaff === staff.id,
    }
  })

const handOver = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: TURNS,
    policy: staffWith('autopay.approve'),
    summary: "Hands one's own turn to approve to somebody else for a while.",
    input: { body: z.object({ to: z.string().trim().max(64), from: DAY, until: DAY, key: DEED_FIELDS.key }) },
    handle: async (context) => {
      const { key, ...typed } = context.input.body
      const fault = await handTo(deps, context, typed, key)
      if (fault === undefined) context.redirect(`${TURNS}?done=done`)
      else await showPage(deps, context, { typed, fault })
    },
  })

/** Hands the turn over; the answer says what was wrong with what was typed, in a sentence. */
async function handTo(
  deps: AutopayPagesDeps,
  { staff, t }: Context,
  { to, from, until }: Typed,
  key: string | undefined,
): Promise<string | undefined> {
  const login = to.toLowerCase()
  const toStaff = await staffByLogin(deps.db, login)
  if (toStaff === undefined) return t('autopay.turns.bad.unknown', { login: to })
  if (toStaff === staff.id) return t('autopay.turns.bad.self')
  const span = { beginsAt: dayStart(from, deps.zone), endsAt: dayEnd(until, deps.zone) }
  return delegate(deps, { toStaff, ...span, author: staff, key }).then(
    () => undefined,
    (error: unknown) => {
      if (!(error instanceof Refusal) || !['bad_input', 'not_found'].includes(error.code)) throw error
      return error.detail === 'until' ? t('autopay.turns.bad.until') : t('autopay.turns.bad.to', { login })
    },
  )
}

async function staffByLogin(db: Db, login: string): Promise<string | undefined> {
  const found = [...(await staffLogins(db))].find(([, name]) => name === login)
  return found?.[0].slice('staff:'.length)
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
