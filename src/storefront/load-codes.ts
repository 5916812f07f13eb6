import type { Approvals, Order, Submitted } from '../approvals'
import { newId } from '../shared/ids'
import { toDecimal } from '../shared/money'
import type { AgreeDeed, LoadPayload } from './agree-price'
import type { StorefrontDeps } from './deps'
import { addCodes, readAnew, readImport, toldOf } from './import-codes'
import type { CodesImport, ImportOutcome } from './import-codes'
import { subjectOf } from './offer'

export interface LoadDeps extends StorefrontDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly offers: { readonly agree: AgreeDeed } }
}

/**
 * Puts codes into the stock of an offer, or asks a second person whether they are to be sold at its price: then nothing is added, and they are loaded again once somebody
 * has agreed. The same number of codes at the same price asks nobody anew.
 * @throws Refusal as `importCodes` does, and offer_changed where the price was changed at that moment
 */
export const loadCodes = (deps: LoadDeps, order: CodesImport): Promise<Submitted<ImportOutcome>> => readAnew(() => submitLoad(deps, order))

async function submitLoad(deps: LoadDeps, order: CodesImport): Promise<Submitted<ImportOutcome>> {
  const { offer, read, fresh, reason } = await readImport(deps, order)
  const [count, price] = [fresh.length, offer.price]
  if (count === 0 || price === null) return { state: 'done', result: await toldOf(deps, { offerId: offer.id, read, fresh }) }
  const payload: LoadPayload = { offerId: offer.id, price: toDecimal(price.minor), codes: String(count) }
  const asked = await waitsAlready(deps, payload, order)
  if (asked) return asked
  const { agree } = deps.deeds.offers
  const submitted: Order<LoadPayload> = { payload, author: order.author, reason, key: newId() }
  return deps.approvals.submit(
    {
      ...agree,
      async perform(_payload, by) {
        await addCodes(deps, { offer, fresh, ...by }, payload)
        return toldOf(deps, { offerId: offer.id, read, fresh })
      },
    },
    submitted,
  )
}

async function waitsAlready(
  { approvals, deeds }: LoadDeps,
  payload: LoadPayload,
  { author }: CodesImport,
): Promise<Submitted<ImportOutcome> | undefined> {
  const { agree } = deeds.offers
  if (!(await approvals.look(agree, payload, author)).needsSecond) return undefined
  const { offerId, price, codes } = payload
  const request = (await approvals.waitingOn(subjectOf(offerId), author)).find(
    ({ kind, payload: asked }) => kind === agree.kind && asked['price'] === price && asked['codes'] === codes,
  )
  return request && { state: 'waiting', request }
}
