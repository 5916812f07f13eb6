import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route, RouteContext } from '../http'
import { paymentOrigins } from '../orders'
import { looksLikeId, newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { MinappAnswer } from './minapp-answer'
import { SEEN_PRICES, takeForm } from './minapp-order'
import type { FormDeps, MinappForm } from './minapp-order'
import { presentMinapp, presentOutcome, presentRefusal } from './minapp-present'
import { presentResult, readResult } from './minapp-result'
import { listOffers } from './offer-store'
import { sealMemberPass } from './passes'
import { memberOfPass } from './recognise'

export interface MinappDeps extends FormDeps {
  /** Whose pages may show the mini-app and talk to it. */
  readonly minapp: { readonly parents: readonly string[] }
}

/** The doors to the mini-app. None of them acts by a cookie, so that it works where cookies of others are blocked. */
export const minappRoutes = (deps: MinappDeps): Route[] => [
  showMinapp(deps),
  takeOrder(deps),
  showResult(deps, 'success'),
  showResult(deps, 'fail'),
]

/** Invoicebox's pages as its documents write them, then the rest. */
const framedBy = ({ minapp }: MinappDeps): string[] => [
  "'self'",
  ...minapp.parents.map((origin) => origin.replace(/^https:\/\/(?=\*\.invoicebox\.ru$)/, '')),
]

/** What the SDK makes; whatever else stands in a link, Invoicebox may refuse the order for it. */
const ID = z
  .string()
  .max(100)
  .regex(/^[\x21-\x7e]*$/)
const PASS = z.string().max(500)

const EMPTY = { choice: '', amount: '', who: 'guest', email: '', code: '', pass: '', container: '', seen: '' } as const

const showMinapp = (deps: MinappDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/minapp',
    policy: { kind: 'public' },
    framedBy: framedBy(deps),
    summary: 'Shows the mini-app, in a frame of Invoicebox or by itself.',
    input: { query: z.object({ id: ID.optional() }) },
    handle: (context) => {
      const form = { ...EMPTY, key: newId(), id: context.input.query.id ?? '' }
      const memberId = topLevelMember(context)
      if (memberId === null) return showForm(deps, context, form)
      return showForm(deps, context, { ...form, who: 'member', pass: sealMemberPass(deps, memberId) })
    },
  })

/** A member who is signed in, in a window of their own: in a frame, the page around it must not choose for whom one buys. */
const topLevelMember = ({ actor, req }: Pick<RouteContext, 'req'> & { readonly actor: RouteContext['actor'] }): string | null =>
  actor?.kind === 'member' && req.get('sec-fetch-dest') === 'document' ? actor.id : null

const FORM = z.object({
  choice: z.string().refine(looksLikeId),
  amount: z.string().max(30).default(''),
  who: z.enum(['guest', 'member']),
  email: z.string().max(254).default(''),
  code: z.string().max(20).default(''),
  pass: PASS.default(''),
  key: z.uuid(),
  container: z
    .string()
    .max(36)
    .regex(/^[\w-]*$/)
    .default(''),
  seen: z.string().max(20_000).regex(SEEN_PRICES).default(''),
  id: ID.default(''),
})

const takeOrder = (deps: MinappDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/minapp',
    policy: { kind: 'public' },
    csrf: false,
    csrfReason: 'It acts by nothing that a browser sends along by itself: who buys stands in the form, as a pass or an address.',
    anonymousForm: true,
    session: false,
    framedBy: framedBy(deps),
    limit: { requests: 120, perSeconds: 60 },
    summary: 'Takes the form of the mini-app: sends a one-time code, recognises a member, or makes an order at Invoicebox.',
    input: { body: FORM },
    handle: async (context) => {
      const form = context.input.body
      try {
        const outcome = await takeForm(deps, form, context)
        await answer(deps, context, form, presentOutcome(outcome, context))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        await answer(deps, context, form, presentRefusal(error, context), error.status)
      }
    },
  })

type FormContext = Pick<RouteContext, 'page' | 't' | 'language' | 'formsMayLeadTo' | 'redirectOut' | 'req' | 'res'>

/** The script asks for JSON; without it the page itself is the answer. */
async function answer(deps: MinappDeps, context: FormContext, form: MinappForm, said: MinappAnswer, status = 200): Promise<void> {
  if (context.req.accepts(['html', 'json']) === 'json') {
    context.res.status(status).json(said)
    return
  }
  if (said.state === 'made' || said.state === 'paid') {
    context.redirectOut(said.state === 'made' ? said.paymentUrl : said.href)
    return
  }
  const isOver = said.state === 'refused' && said.isOver
  const typed = { ...form, ...(isOver && { key: newId() }), ...(said.state === 'recognised' && { pass: said.pass }) }
  await showForm(deps, context, typed, said, status)
}

async function showForm(deps: MinappDeps, context: FormContext, form: MinappForm, said?: MinappAnswer, status = 200): Promise<void> {
  for (const origin of await paymentOrigins(deps)) context.formsMayLeadTo(origin)
  const { db, clock, merchant, minapp, hasLetters, topUps: settings } = deps
  const offers = merchant ? await listOffers(db, { now: clock.now() }) : []
  const knownAs = form.who === 'member' ? ((await memberOfPass(deps, form.pass))?.name ?? null) : null
  context.page(
    'storefront/minapp',
    presentMinapp({ offers, settings, parents: minapp.parents, hasLetters, form, knownAs, answer: said }, context),
    status,
  )
}

const showResult = (deps: MinappDeps, way: 'success' | 'fail'): Route =>
  defineRoute({
    method: 'get',
    path: `/minapp/${way}`,
    policy: { kind: 'public' },
    session: false,
    framedBy: framedBy(deps),
    limit: { requests: 300, perSeconds: 60 },
    summary:
      way === 'success'
        ? 'Waits for the payment of an order, then shows what was bought.'
        : 'Says that an order was not paid, and offers to try again.',
    input: { query: z.object({ order: PASS.optional(), id: ID.optional() }) },
    handle: async ({ input: { query }, page, t, language }) => {
      const came = { way, id: query.id ?? '', parents: deps.minapp.parents, hasLetters: deps.hasLetters }
      page('storefront/minapp-order', presentResult(await readResult(deps, query.order), came, { t, language }))
    },
  })
