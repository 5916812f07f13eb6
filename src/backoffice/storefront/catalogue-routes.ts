import { z } from 'zod'
import type { Submitted } from '../../approvals'
import { codeImports, countCodes, findOffer, loadCodes, readOffer, readOffers, setPicture } from '../../storefront'
import type { CodesImport, ImportOutcome } from '../../storefront'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { CATALOGUE, offerPath } from './deps'
import type { StorefrontPagesDeps } from './deps'
import { OFFER_BODY, payloadFrom, typedOf } from './offer-fields'
import { ALL_CODES, importText, offerForm, presentOffers, stockRows, withdrawChoices } from './present-offers'

/** The doors of the catalogue: the list, one offer with its picture, and its stock of codes. */
export const cataloguePages = (deps: StorefrontPagesDeps): Route[] => [
  listAll(deps),
  showOne(deps),
  changeOne(deps),
  takePicture(deps),
  takeCodes(deps),
  withdrawCodes(deps),
]

const PARAMS = z.object({ id: z.string().refine(looksLikeId) })
const DONE = z.object({ done: z.string().optional() })
const REASON = DEED_FIELDS.reason

const listAll = ({ db, clock, zone }: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: CATALOGUE,
    policy: staffWith('catalogue.read'),
    summary: 'Lists what is sold, with how many codes are left.',
    input: { query: DONE },
    handle: async (context) => {
      const offers = await readOffers(db)
      const counts = await countCodes(
        db,
        offers.map(({ id }) => id),
      )
      const reader = { ...context, zone }
      context.page('backoffice/catalogue', {
        frame: frameOf(context, 'catalogue', context.input.query.done),
        table: presentOffers(offers, counts, clock.now(), reader),
        form: may(context.staff, 'catalogue.change') ? offerForm(newId(), undefined, reader) : null,
      })
    },
  })

const showOne = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${CATALOGUE}/:id`,
    policy: staffWith('catalogue.read'),
    summary: 'Shows one offer, its picture, and how its stock of codes stands.',
    input: { params: PARAMS, query: DONE },
    handle: (context) => showCard(deps, context, context.input.params.id, { done: context.input.query.done }),
  })

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

interface Shown {
  readonly done?: string | undefined
  readonly imported?: { readonly text: string; readonly isDone: boolean }
}

async function showCard({ db, zone }: StorefrontPagesDeps, context: Context, id: string, { done, imported }: Shown): Promise<void> {
  const [offer, reader] = [await readOffer(db, id), { ...context, zone }]
  const [counts, mayChange] = [(await countCodes(db, [id])).get(id), may(context.staff, 'catalogue.change')]
  const model = {
    frame: frameOf(context, 'catalogue', done),
    title: offer.title[context.language],
    path: offerPath(id),
    picture: offer.picture?.href ?? null,
    stock: offer.type === 'voucher' ? stockRows(counts, reader) : null,
    form: mayChange ? offerForm(id, offer, reader) : null,
    withdraw: mayChange ? withdrawChoices(counts, await codeImports(db, id), reader) : null,
    imported: imported ?? null,
  }
  context.page('backoffice/offer', model, imported?.isDone === false ? 422 : 200)
}

const TYPED = ['titleRu', 'titleEn', 'textRu', 'textEn', 'price', 'chips', 'least', 'most', 'perPerson', 'lowStock', 'position']

const changeOne = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: CATALOGUE,
    policy: staffWith('catalogue.change'),
    summary: 'Shows what of an offer would change, then adds or changes it, or asks a second person.',
    input: { body: OFFER_BODY },
    handle: async (context) => {
      const { body } = context.input
      const known = await findOffer(deps.db, body.offerId)
      const what = context.t(known ? 'catalogue.what.change' : 'catalogue.what.add', { title: body.titleRu })
      const back = known ? offerPath(known.id) : CATALOGUE
      const form = { section: 'catalogue', what, action: CATALOGUE, fields: typedOf(body), typed: TYPED, back } as const
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.offers.change, payload: payloadFrom(body) })
    },
  })

const takePicture = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${CATALOGUE}/:id/picture`,
    policy: staffWith('catalogue.change'),
    summary: 'Gives an offer a picture, which is looked at by its bytes.',
    upload: true,
    input: { params: PARAMS, body: z.object({ picture: z.instanceof(Buffer), reason: REASON }) },
    handle: async ({ input: { params, body }, staff, redirect }) => {
      await setPicture(deps, { offerId: params.id, bytes: body.picture, author: staff, reason: body.reason })
      redirect(`${offerPath(params.id)}?done=done`)
    },
  })

const CODES = z.object({
  codes: z.string().max(300_000).optional(),
  file: z.union([z.instanceof(Buffer), z.literal('')]).optional(),
  reason: REASON,
})

const takeCodes = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${CATALOGUE}/:id/codes`,
    policy: staffWith('catalogue.change'),
    summary:
      'Puts codes of vouchers into the stock, pasted or from a file, and tells how many were new; or asks a second person about their price.',
    upload: true,
    input: { params: PARAMS, body: CODES },
    handle: async (context) => {
      const { params, body } = context.input
      const text = `${body.codes ?? ''}\n${body.file?.toString('utf8') ?? ''}`
      const outcome = await tryImport(deps, { offerId: params.id, text, author: context.staff, reason: body.reason })
      await showCard(deps, context, params.id, { imported: importText(outcome, { ...context, zone: deps.zone }) })
    },
  })

/** null: there were no codes, or too many. */
const tryImport = (deps: StorefrontPagesDeps, order: CodesImport): Promise<Submitted<ImportOutcome> | null> =>
  loadCodes(deps, order).catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'bad_input' && error.detail === 'codes') return null
    throw error
  })

const withdrawCodes = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${CATALOGUE}/:id/codes/withdraw`,
    policy: staffWith('catalogue.change'),
    summary: 'Shows how many free codes would leave the stock, then takes them out of it, or asks a second person.',
    input: { params: PARAMS, body: z.object({ ...DEED_FIELDS, codes: z.union([z.literal(ALL_CODES), z.iso.datetime()]) }) },
    handle: async (context) => {
      const { params, body } = context.input
      const { id, title } = await readOffer(deps.db, params.id)
      const [back, what] = [offerPath(id), context.t('catalogue.withdraw_what', { title: title[context.language] })]
      const form = { section: 'catalogue', what, action: `${back}/codes/withdraw`, fields: { codes: body.codes }, back } as const
      const payload = { offerId: id, importedAt: body.codes === ALL_CODES ? null : body.codes }
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.offers.withdraw, payload })
    },
  })
