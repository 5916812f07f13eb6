import { z } from 'zod'
import type { Approvals, Deed } from '../../approvals'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import { STAFF_ROLES } from '../../shared/actor'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { requireReason } from '../../shared/audit'
import { filedReason } from '../../shared/reasons'
import { Refusal } from '../../shared/refusals'
import { issueSetupCode, listSessions, listStaff, needsFactor, requireStaff, setStaffEmail, signOutEverywhere } from '../../staff'
import type { StaffDeeds, StaffDeps } from '../../staff'
import { answerDeed, DEED_FIELDS, keptReason } from '../deed-routes'
import type { KeptReason } from '../refused-form'
import { frameOf } from '../frame'
import { waitingRows } from '../waiting'
import { momentText, toldAt } from '../reader'
import { presentStaff, presentStaffMember, roleChoices } from './present'

export interface StaffRoutesDeps {
  readonly staff: StaffDeps
  readonly deeds: { readonly staff: StaffDeeds }
  readonly approvals: Approvals
  readonly config: { readonly timeZone: string }
}

const PAGE = 50
const ID = z.object({ id: z.string().refine(looksLikeId) })
const ROLE = z.enum(STAFF_ROLES)
const DONE = z.string().optional()
const REASON_FIELDS = { reason: DEED_FIELDS.reason, reasonKind: DEED_FIELDS.reasonKind, key: DEED_FIELDS.key }

/** The doors of the section about staff. */
export const staffPageRoutes = (deps: StaffRoutesDeps): Route[] => [
  showList(deps),
  showOne(deps),
  add(deps),
  changeRole(deps),
  change(deps, 'disable', 'disabled', 'Disables a member of staff and ends their sessions.'),
  change(deps, 'enable', 'enabled', 'Lets a member of staff in again.'),
  change(deps, 'reset-factor', 'factor', 'Takes away the second factor of somebody who has lost it.'),
  change(deps, 'reset-access', 'access', 'Takes away the password and the second factor of somebody who has lost them.'),
  setEmail(deps),
  signOutOther(deps),
  issueCode(deps),
]

const showList = ({ staff: deps, config }: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/staff',
    policy: staffWith('staff.read'),
    summary: 'Lists the staff with their roles.',
    input: { query: z.object({ after: z.string().max(64).optional(), done: DONE }) },
    handle: async (context) => {
      const { after, done } = context.input.query
      const found = await listStaff(deps.db, { after, limit: PAGE + 1 })
      const list = {
        staff: found.slice(0, PAGE),
        hasMore: found.length > PAGE,
        paged: after !== undefined,
        needsFactor: (one: (typeof found)[number]) => needsFactor(deps, one),
      }
      const table = presentStaff(list, { ...context, zone: config.timeZone })
      const mayAdd = staffWith('staff.change').roles.includes(context.staff.role)
      context.page('backoffice/staff', { frame: frameOf(context, 'staff', done), table, mayAdd, roles: roleChoices(context.t) })
    },
  })

const showOne = (deps: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/staff/:id',
    policy: staffWith('staff.read'),
    summary: 'Shows one member of staff: role, state, second factor, sessions.',
    input: { params: ID, query: z.object({ done: DONE }) },
    handle: (context) => showCard(deps, context, { id: context.input.params.id, done: context.input.query.done }),
  })

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

interface Card {
  readonly id: string
  readonly done?: string | undefined
  /** An address that was typed and was not set, with why. */
  readonly email?: { readonly typed: string; readonly fault: Refusal }
  readonly reason?: KeptReason
  /** Why no code was issued. */
  readonly codeFault?: Refusal
}

async function showCard(
  { staff: deps, config, approvals }: StaffRoutesDeps,
  context: Context,
  { id, done, email, reason, codeFault }: Card,
): Promise<void> {
  const staff = await requireStaff(deps.db, id)
  const sessions = await listSessions(deps.db, staff.id, deps.clock.now())
  const view = { staff, sessions, isFactorNeeded: needsFactor(deps, staff), looksOn: context.staff }
  const card = { ...presentStaffMember(view, { ...context, zone: config.timeZone }), key: newId() }
  const emailFault = email ? context.t(email.fault.code === 'key_reused' ? 'staff.email_sent_before' : 'staff.bad_email') : null
  const typed = { email: email?.typed ?? staff.email ?? '', emailFault, emailReason: reason }
  const waiting = await waitingRows(context, approvals, `staff:${id}`)
  const faults = { codeFault: codeFault ? context.t('staff.code_sent_before') : null }
  const model = { frame: frameOf(context, 'staff', done), waiting, ...card, ...typed, ...faults }
  context.page('backoffice/staff-member', model, (email?.fault ?? codeFault)?.status ?? 200)
}

const setEmail = (deps: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/staff/:id/email',
    policy: staffWith('staff.change'),
    summary: 'Sets where a member of staff is written to, or takes the address away.',
    input: { params: ID, body: z.object({ email: z.string().max(250), ...REASON_FIELDS }) },
    handle: async (context) => {
      const { body, params } = context.input
      const reason = filedReason(body.reasonKind, body.reason)
      const order = { author: context.staff, reason, key: body.key }
      const fault = await setStaffEmail(deps.staff, params.id, body.email, order).then(() => undefined, ofTheAddress)
      if (fault) return showCard(deps, context, { id: params.id, email: { typed: body.email, fault }, reason: keptReason(body) })
      context.redirect(`/admin/staff/${params.id}?done=done`)
    },
  })

/** A refusal that another entry in the form mends. */
function ofTheAddress(error: unknown): Refusal {
  return error instanceof Refusal && error.detail === 'email' ? error : ofTheForm(error)
}

/** A copy of a form that was sent before. */
function ofTheForm(error: unknown): Refusal {
  if (error instanceof Refusal && error.code === 'key_reused') return error
  throw error
}

const add = ({ approvals, deeds }: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/staff',
    policy: staffWith('staff.change'),
    summary: 'Adds a member of staff, who chooses a password with a code.',
    input: { body: z.object({ login: z.string().trim().max(64), role: ROLE, ...DEED_FIELDS }) },
    handle: (context) => {
      const { login, role } = context.input.body
      const what = context.t('staff.what.added', { login, role: context.t(`role.${role}`) })
      const payload = { login, role }
      return answerDeed(context, approvals, {
        section: 'staff',
        deed: deeds.staff.added,
        payload,
        what,
        action: '/admin/staff',
        fields: payload,
        typed: ['login'],
        back: '/admin/staff',
      })
    },
  })

const changeRole = ({ approvals, deeds, staff: deps }: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/staff/:id/role',
    policy: staffWith('staff.change'),
    summary: 'Changes the role of a member of staff and ends their sessions.',
    input: { params: ID, body: z.object({ role: ROLE, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { login, id } = await requireStaff(deps.db, context.input.params.id)
      const { role } = context.input.body
      const back = `/admin/staff/${id}`
      const what = context.t('staff.what.role', { login, role: context.t(`role.${role}`) })
      const payload = { staffId: id, role }
      await answerDeed(context, approvals, {
        section: 'staff',
        deed: deeds.staff.role,
        payload,
        what,
        action: `${back}/role`,
        fields: { role },
        back,
      })
    },
  })

type Whose = 'disabled' | 'enabled' | 'factor' | 'access'

const change = ({ approvals, deeds, staff: deps }: StaffRoutesDeps, path: string, name: Whose, summary: string): Route =>
  defineRoute({
    method: 'post',
    path: `/admin/staff/:id/${path}`,
    policy: staffWith('staff.change'),
    summary,
    input: { params: ID, body: z.object(DEED_FIELDS) },
    handle: async (context) => {
      const { login, id } = await requireStaff(deps.db, context.input.params.id)
      const back = `/admin/staff/${id}`
      const what = context.t(`staff.what.${name}`, { login })
      const deed: Deed<{ readonly staffId: string }, void> = deeds.staff[name]
      await answerDeed(context, approvals, {
        section: 'staff',
        deed,
        payload: { staffId: id },
        what,
        action: `${back}/${path}`,
        fields: {},
        back,
      })
    },
  })

const signOutOther = ({ staff: deps }: StaffRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/staff/:id/sign-out',
    policy: staffWith('staff.change'),
    summary: 'Ends every session of a member of staff.',
    input: { params: ID, body: z.object(REASON_FIELDS) },
    handle: async ({ input, staff, redirect }) => {
      const { id } = await requireStaff(deps.db, input.params.id)
      await signOutEverywhere(deps, id, staff, {
        reason: requireReason(filedReason(input.body.reasonKind, input.body.reason)),
        key: input.body.key,
      })
      redirect(`/admin/staff/${id}?done=done`)
    },
  })

const issueCode = (all: StaffRoutesDeps): Route => {
  const { staff: deps, config } = all
  return defineRoute({
    method: 'post',
    path: '/admin/staff/:id/set-up-code',
    policy: staffWith('staff.change'),
    summary: 'Issues a code for the first sign-in and shows it this one time.',
    input: { params: ID, body: z.object({ key: DEED_FIELDS.key }) },
    handle: async (context) => {
      const { t, language, input, staff } = context
      const { id, login } = await requireStaff(deps.db, input.params.id)
      const issued = await issueSetupCode(deps, id, staff, input.body.key).catch(ofTheForm)
      if (issued instanceof Refusal) return showCard(all, context, { id, codeFault: issued })
      const { code, expiresAt } = issued
      const until = momentText(expiresAt, { language, zone: config.timeZone })
      const note = toldAt(t('staff.code_note', { until, page: '/sign-in/set-up' }), expiresAt)
      // It stands in this answer alone: nothing that is stored can show it again.
      context.page('backoffice/staff-code', {
        frame: frameOf(context, 'staff'),
        id,
        heading: t('staff.code_heading', { login }),
        note,
        code,
      })
    },
  })
}
