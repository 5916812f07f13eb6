import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route, RouteContext } from '../http'
import { Refusal } from '../shared/refusals'
import { enterFromHalfway, readHalfway } from './door'
import type { Halfway } from './door'
import { presentCode, presentOffer, presentSetup } from './present'
import { enrolSecondFactor, offerSecret, openOffer, showSecondFactor } from './second-factor'
import { chooseFirstPassword } from './setup'
import type { StaffDeps, StaffMember } from './staff'

const CODE = z.string().max(40)

/** What stands between the password and the session of a member of staff. Whoever is not halfway in is sent back to the beginning. */
export const staffRoutes = (deps: StaffDeps): Route[] => [
  showCode(deps),
  submitCode(deps),
  showEnrolment(deps),
  submitEnrolment(deps),
  showSetup,
  submitSetup(deps),
]

type Context = Pick<RouteContext, 'halfway' | 'redirect'>
type Guest = { readonly staff: StaffMember; readonly halfway: Halfway }

/** Does the work for somebody halfway in; anybody else begins anew. */
async function asHalfway(deps: StaffDeps, { halfway, redirect }: Context, work: (guest: Guest) => Promise<void> | void): Promise<void> {
  const staff = await readHalfway(deps, halfway)
  if (staff && halfway) await work({ staff, halfway })
  else redirect('/sign-in')
}

/** The answer of the work, or the refusal that the page then shows. */
async function orRefusal<T>(work: Promise<T>): Promise<T | Refusal> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Refusal && SHOWN.includes(error.code)) return error
    throw error
  }
}

const SHOWN: readonly string[] = ['wrong_code', 'too_many_attempts', 'bad_input']

const showCode = (deps: StaffDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/sign-in/code',
    policy: { kind: 'public' },
    summary: 'Asks whoever has given the right password for a code of the second factor.',
    handle: (context) =>
      asHalfway(deps, context, ({ staff }) => {
        if (staff.hasFactor) context.page('staff/code', presentCode(context.t))
        else context.redirect('/sign-in')
      }),
  })

const submitCode = (deps: StaffDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/sign-in/code',
    policy: { kind: 'public' },
    summary: 'Takes a code of the second factor and signs in, under a new session id.',
    input: { body: z.object({ code: CODE }) },
    handle: (context) =>
      asHalfway(deps, context, async ({ staff, halfway }) => {
        const shown = await orRefusal(showSecondFactor(deps, staff, { code: context.input.body.code, address: context.address }))
        if (shown instanceof Refusal) context.page('staff/code', presentCode(context.t, shown), shown.status)
        else context.redirect(await enterFromHalfway(deps, context, staff, halfway))
      }),
  })

const showEnrolment = (deps: StaffDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/sign-in/enrol',
    policy: { kind: 'public' },
    summary: 'Shows a new secret to whoever must have a second factor and has none.',
    handle: (context) =>
      asHalfway(deps, context, ({ staff }) => {
        if (staff.hasFactor) context.redirect('/sign-in/code')
        else context.page('staff/enrol', presentOffer(deps, offerSecret(deps, staff.id), staff.login, context.t))
      }),
  })

const submitEnrolment = (deps: StaffDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/sign-in/enrol',
    policy: { kind: 'public' },
    summary: 'Stores the second factor once a code proves it, signs in, and shows the recovery codes this one time.',
    input: { body: z.object({ code: CODE, secret: z.string().max(300) }) },
    handle: (context) =>
      asHalfway(deps, context, async ({ staff, halfway }) => {
        const { code, secret: sealed } = context.input.body
        const codes = await orRefusal(
          enrolSecondFactor(deps, staff, { sealed, code: code.replace(/\s/g, ''), address: context.address, replace: false }),
        )
        if (codes instanceof Refusal) {
          const offer = openOffer(deps, staff.id, sealed) ?? offerSecret(deps, staff.id)
          context.page('staff/enrol', presentOffer(deps, offer, staff.login, context.t, codes), codes.status)
          return
        }
        // The codes stand in this answer alone: nothing that is stored can show them again.
        context.page('staff/codes', { codes, next: await enterFromHalfway(deps, context, staff, halfway) })
      }),
  })

const showSetup = defineRoute({
  method: 'get',
  path: '/sign-in/set-up',
  policy: { kind: 'public' },
  summary: 'Asks a new member of staff for the code that an admin has handed over.',
  handle: ({ page, t }) => page('staff/set-up', presentSetup(t)),
})

const submitSetup = (deps: StaffDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/sign-in/set-up',
    policy: { kind: 'public' },
    summary: 'Takes the code of a new member of staff and the password that they choose.',
    input: { body: z.object({ login: z.string(), code: CODE, password: z.string() }) },
    handle: async ({ input, address, page, redirect, t }) => {
      const chosen = await orRefusal(chooseFirstPassword(deps, { ...input.body, address }))
      if (chosen instanceof Refusal) page('staff/set-up', presentSetup(t, { login: input.body.login, refusal: chosen }), chosen.status)
      else redirect('/sign-in')
    },
  })
