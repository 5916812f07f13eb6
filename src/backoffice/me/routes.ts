import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { newId, sha256 } from '../../shared/ids'
import { Refusal } from '../../shared/refusals'
import {
  changeOwnPassword,
  countRecoveryCodes,
  dropOwnFactor,
  endOtherSessions,
  enterAgain,
  endOwnSession,
  enrolSecondFactor,
  listSessions,
  needsFactor,
  offerSecret,
  openOffer,
  renewRecoveryCodes,
  requirePassword,
  requireStaff,
  signOutEverywhere,
} from '../../staff'
import type { StaffDeps } from '../../staff'
import { DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { presentFactor, presentMe } from './present'

export interface MeRoutesDeps {
  readonly staff: StaffDeps
  readonly config: { readonly timeZone: string }
}

const OWN = staffWith('home.read')
const PASSWORD = z.string().max(1_000)
const SEALED = z.string().max(300)

/** The doors to one's own sign-in: sessions, password, second factor. */
export const meRoutes = (deps: MeRoutesDeps): Route[] => [
  showMe(deps),
  endSession(deps),
  signOutAll(deps),
  changePassword(deps),
  showFactor(deps),
  submitFactor(deps),
  renewCodes(deps),
  dropFactor(deps),
]

type Context = Pick<RouteContext, 'req' | 'page' | 't' | 'language'> & { readonly staff: StaffActor }

/** The session behind this request, as its row is named. */
const thisSession = ({ req }: Pick<RouteContext, 'req'>): string => sha256(req.sessionID)

async function page({ staff: deps, config }: MeRoutesDeps, context: Context, done?: string, refusal?: Refusal): Promise<void> {
  const staff = await requireStaff(deps.db, context.staff.id)
  const view = {
    staff: context.staff,
    sessions: await listSessions(deps.db, staff.id, deps.clock.now()),
    thisSession: thisSession(context),
    factor: !deps.settings.secondFactor ? ('off' as const) : staff.hasFactor ? ('set' as const) : ('none' as const),
    codesLeft: await countRecoveryCodes(deps.db, staff.id),
    isFactorNeeded: needsFactor(deps, staff),
    key: newId(),
    refusal,
  }
  const shown = presentMe(view, { ...context, zone: config.timeZone })
  context.page('backoffice/me', { frame: frameOf(context, 'me', done), ...shown }, refusal?.status ?? 200)
}

const SHOWN: readonly string[] = ['wrong_login_or_password', 'too_many_attempts', 'wrong_code', 'bad_input', 'key_reused']

/** Does the work; a refusal that the person can mend is shown on the page they came from. */
async function orShow(work: () => Promise<void>, show: (refusal: Refusal) => Promise<void> | void): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Refusal) || !SHOWN.includes(error.code)) throw error
    await show(error)
  }
}

const showMe = (deps: MeRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/me',
    policy: OWN,
    summary: 'Shows where one is signed in, and what one can do about it.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: (context) => page(deps, context, context.input.query.done),
  })

const endSession = ({ staff: deps }: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/sessions/end',
    policy: OWN,
    summary: 'Ends one of one’s own sessions.',
    input: { body: z.object({ session: z.string().regex(/^[0-9a-f]{64}$/) }) },
    handle: async ({ input, staff, redirect }) => {
      await endOwnSession(deps.db, staff.id, input.body.session)
      redirect('/admin/me?done=done')
    },
  })

const signOutAll = ({ staff: deps }: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/sign-out-everywhere',
    policy: OWN,
    summary: 'Ends all of one’s own sessions, this one included.',
    handle: async ({ staff, signOut, redirect }) => {
      await signOutEverywhere(deps, staff.id, staff)
      await signOut()
      redirect('/sign-in')
    },
  })

const changePassword = (deps: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/password',
    policy: OWN,
    summary: 'Changes one’s own password; all sessions end and this one opens anew.',
    input: { body: z.object({ current: PASSWORD, password: PASSWORD }) },
    handle: (context) => {
      const { current, password } = context.input.body
      const { staff, address } = context
      const work = async (): Promise<void> => {
        await changeOwnPassword(deps.staff, { staffId: staff.id, password: current, address }, password)
        await enterAgain(deps.staff, context, staff)
        context.redirect('/admin/me?done=done')
      }
      return orShow(work, (refusal) => page(deps, context, undefined, refusal))
    },
  })

/** @throws Refusal not_found where the deployment has no second factor */
function requireFactors({ settings }: StaffDeps): void {
  if (!settings.secondFactor) throw new Refusal('not_found')
}

const showFactor = ({ staff: deps }: MeRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/me/second-factor',
    policy: OWN,
    summary: 'Shows a new secret for an authenticator app.',
    handle: (context) => {
      requireFactors(deps)
      const factor = presentFactor(
        offerSecret(deps, context.staff.id),
        { issuer: deps.settings.issuer, login: context.staff.login },
        context.t,
      )
      context.page('backoffice/me-factor', { frame: frameOf(context, 'me'), ...factor })
    },
  })

const submitFactor = (all: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/second-factor',
    policy: OWN,
    summary: 'Stores one’s second factor once a code proves it, ends the other sessions, and shows the recovery codes this one time.',
    input: { body: z.object({ current: PASSWORD, code: z.string().max(40), secret: SEALED }) },
    handle: (context) => {
      const { staff: deps } = all
      requireFactors(deps)
      const { current, code, secret: sealed } = context.input.body
      const { staff, address, t } = context
      const work = async (): Promise<void> => {
        const person = await requirePassword(deps, { staffId: staff.id, password: current, address })
        const codes = await enrolSecondFactor(deps, person, { sealed, code: code.replace(/\s/g, ''), address, replace: true })
        await endOtherSessions(deps, staff.id, thisSession(context))
        context.page('backoffice/me-codes', { frame: frameOf(context, 'me'), codes })
      }
      return orShow(work, async (refusal) => {
        if (refusal.code === 'key_reused') {
          await page(all, context, undefined, refusal)
          return
        }
        const offer = openOffer(deps, staff.id, sealed) ?? offerSecret(deps, staff.id)
        const factor = presentFactor(offer, { issuer: deps.settings.issuer, login: staff.login }, t, refusal)
        context.page('backoffice/me-factor', { frame: frameOf(context, 'me'), ...factor }, refusal.status)
      })
    },
  })

const renewCodes = (deps: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/recovery-codes',
    policy: OWN,
    summary: 'Makes new recovery codes and shows them this one time; the old ones are worth nothing any more.',
    input: { body: z.object({ current: PASSWORD, key: DEED_FIELDS.key }) },
    handle: (context) => {
      requireFactors(deps.staff)
      const { staff, address } = context
      const { current, key } = context.input.body
      const work = async (): Promise<void> => {
        const person = await requirePassword(deps.staff, { staffId: staff.id, password: current, address })
        if (!person.hasFactor) throw new Refusal('not_found')
        context.page('backoffice/me-codes', { frame: frameOf(context, 'me'), codes: await renewRecoveryCodes(deps.staff, person, key) })
      }
      return orShow(work, (refusal) => page(deps, context, undefined, refusal))
    },
  })

const dropFactor = (deps: MeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/me/second-factor/drop',
    policy: OWN,
    summary: 'Turns one’s own second factor off, where the role needs none; all sessions end and this one opens anew.',
    input: { body: z.object({ current: PASSWORD }) },
    handle: (context) => {
      const { staff, address } = context
      const work = async (): Promise<void> => {
        await dropOwnFactor(deps.staff, { staffId: staff.id, password: context.input.body.current, address })
        await enterAgain(deps.staff, context, staff)
        context.redirect('/admin/me?done=done')
      }
      return orShow(work, (refusal) => page(deps, context, undefined, refusal))
    },
  })
