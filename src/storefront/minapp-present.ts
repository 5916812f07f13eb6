import { isPaid, pointsFor } from '../orders'
import type { OrderSettings } from '../orders'
import { money, parseMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import type { Refusal } from '../shared/refusals'
import type { Language, Translate } from '../shared/texts'
import { formatMoney, formatWhole } from '../shared/texts/format'
import type { MinappAnswer, MinappField, NewPrice } from './minapp-answer'
import { seenPrices } from './minapp-order'
import type { MinappForm, MinappOutcome } from './minapp-order'
import type { OfferForSale } from './offer'

export interface Speaker {
  readonly t: Translate
  readonly language: Language
}

/** One line of the choice. */
export interface MinappOffer {
  readonly id: string
  readonly isPoints: boolean
  readonly title: string
  readonly text: string
  /** Of a voucher: as read, and in roubles for the script that shows the total. */
  readonly price: NewPrice | null
  readonly picture: string | null
  readonly chips: readonly { readonly text: string; readonly roubles: string }[]
  /** Of points: the limits and the rate. */
  readonly hint: string
  readonly isSoldOut: boolean
  /** Where it is offered only beside a fitting order: what is sought in the metadata. */
  readonly onlyBeside: { readonly key: string; readonly values: string } | null
  readonly isChosen: boolean
}

/** What `views/storefront/minapp.ejs` prints. */
export interface MinappPage {
  readonly heading: string
  readonly parents: string
  readonly offers: readonly MinappOffer[]
  readonly form: MinappForm
  /** The member as the page knows them already. */
  readonly knownAs: string | null
  readonly asksCode: boolean
  /** Without letters nobody can be recognised by a code. */
  readonly hasLetters: boolean
  readonly alert: { readonly text: string; readonly field: MinappField | null } | null
  readonly note: string | null
  readonly signInHref: string
}

export interface Shown {
  readonly offers: readonly OfferForSale[]
  readonly settings: OrderSettings
  readonly parents: readonly string[]
  readonly hasLetters: boolean
  readonly form: MinappForm
  readonly knownAs: string | null
  /** The answer to the form, where a page is the answer. */
  readonly answer?: MinappAnswer | undefined
}

export function presentMinapp({ offers, settings, parents, hasLetters, form, knownAs, answer }: Shown, speaker: Speaker): MinappPage {
  const lines = offers.map((offer) => presentOffer(offer, settings, speaker))
  const chosen = lines.find(({ id }) => id === form.choice) ?? lines.find(({ onlyBeside, isSoldOut }) => !onlyBeside && !isSoldOut)
  const refused = answer?.state === 'refused' ? answer : null
  return {
    heading: speaker.t('minapp.heading', { program: settings.programName }),
    parents: parents.join(' '),
    offers: lines.map((line) => ({ ...line, isChosen: line === chosen })),
    form: { ...form, seen: seenPrices(lines), ...(knownAs === null && unknown(hasLetters)) },
    knownAs,
    hasLetters,
    asksCode: answer?.state === 'code-sent' || refused?.field === 'code',
    alert: refused && { text: refused.text, field: refused.field },
    note: answer && 'text' in answer && !refused ? answer.text : null,
    signInHref: `/sign-in?next=${encodeURIComponent('/minapp')}`,
  }
}

/** A pass that is over would only hide the fields that are needed now. */
const unknown = (hasLetters: boolean) => ({ pass: '', ...(!hasLetters && { who: 'guest' as const }) })

function presentOffer(offer: OfferForSale, settings: OrderSettings, { t, language }: Speaker): Omit<MinappOffer, 'isChosen'> {
  const isPoints = offer.type === 'points'
  return {
    id: offer.id,
    isPoints,
    title: offer.title[language],
    text: offer.text[language],
    price: offer.price && inRoubles(offer.price, language),
    picture: offer.picture?.href ?? null,
    chips: isPoints ? offer.chips.map((chip) => inRoubles(chip, language)) : [],
    hint: isPoints ? hintOf(offer, settings, { t, language }) : '',
    isSoldOut: offer.inStock === 0,
    onlyBeside: offer.visibility && { key: offer.visibility.key, values: JSON.stringify(offer.visibility.values) },
  }
}

const inRoubles = (amount: Money, language: Language): NewPrice => ({
  text: formatWhole(amount, language),
  roubles: toDecimal(amount.minor).replace(/\.00$/, ''),
})

/** The narrower of the offer's limits and the settings' own. */
function hintOf(offer: OfferForSale, { least, most, rate }: OrderSettings, { t, language }: Speaker): string {
  const from = offer.least && offer.least.minor > least.minor ? offer.least : least
  const to = offer.most && offer.most.minor < most.minor ? offer.most : most
  const points = formatMoney(pointsFor(money(100n, 'RUB'), rate), language)
  return t('top_up.hint', { least: formatWhole(from, language), most: formatWhole(to, language), points })
}

/** The outcome of a form in words. */
export function presentOutcome(outcome: MinappOutcome, { t }: Speaker): MinappAnswer {
  if (outcome.kind === 'code_sent') return { state: 'code-sent', text: t('minapp.code_sent') }
  if (outcome.kind === 'recognised') {
    const { pass, name } = outcome
    return { state: 'recognised', pass, name, text: t('minapp.recognised', { name }) }
  }
  const { state, paymentUrl, number } = outcome.order
  if (outcome.isDisputed) return { state: 'refused', text: t('minapp.unclear.note', { number }), field: null, isOver: false }
  if (state === 'creating') return { state: 'waiting', text: t('minapp.making') }
  const { success, fail } = outcome.back
  if (isPaid(state)) return { state: 'paid', href: success }
  if (paymentUrl === null || state !== 'created') return { state: 'refused', text: t('minapp.not_made'), field: null, isOver: true }
  return { state: 'made', paymentUrl, back: { success, fail } }
}

const FIELDS: Readonly<Record<string, MinappField>> = { top_up_out_of_range: 'amount', code_wrong: 'code' }

/** A refusal in words, beside the field that it is about. */
export function presentRefusal({ code, detail }: Refusal, { t, language }: Speaker): MinappAnswer {
  if (code === 'key_reused') return { state: 'refused', text: t('minapp.key_reused'), field: null, isOver: true }
  if (code === 'price_changed') {
    const price = inRoubles(parseMoney(detail, 'RUB'), language)
    return { state: 'refused', text: t('minapp.price_changed', { price: price.text }), field: null, isOver: false, price }
  }
  if (code === 'bad_input' && detail === 'email') return { state: 'refused', text: t('minapp.bad_email'), field: 'email', isOver: false }
  // Nothing else of the form can be missing than its offer.
  const name = code === 'not_found' ? 'offer_not_on_sale' : code
  return { state: 'refused', text: t(`refusal.${name}`), field: FIELDS[code] ?? null, isOver: false }
}
