import { z } from 'zod'
import { amountText } from '../approvals'
import { VAT_CODES } from '../invoicebox'
import type { AuditFacts } from '../shared/audit'
import { addDays, dayOf, dayStart, isDay } from '../shared/days'
import { parseMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { OFFER_TYPES } from './offer'
import type { Offer } from './offer'
import type { OfferBody } from './offer-store'
import { isPlain } from './plain-text'

/** Text that reads as it is written; a longer one may have lines. */
const line = (most: number) => z.string().trim().max(most).refine(isPlain)
const lines = (most: number) =>
  z
    .string()
    .transform((text) => text.replaceAll('\r\n', '\n').trim())
    .pipe(z.string().max(most))
    .refine((text) => isPlain(text.replaceAll('\n', '')))
const named = (most: number) => line(most).refine((text) => text.length > 0)
const number = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .refine((text) => Number(text) >= least && Number(text) <= most)
const day = z.string().refine(isDay).nullable()

const MOST_CHIPS = 8
const MOST_VALUES = 20
/** They are stored as JSON, in which a quote takes two signs. */
const MOST_SIGNS_OF_VALUES = 1_000

/** Amounts between blanks or semicolons, in their one spelling. */
const chipsText = z
  .string()
  .max(200)
  .transform((text, context) => {
    const amounts = text.split(/[;\s]+/).filter((amount) => amount !== '')
    const parsed = amounts.map((amount) => amountText('RUB').safeParse(amount))
    const good = parsed.flatMap(({ data }) => data ?? [])
    if (good.length === amounts.length && good.length <= MOST_CHIPS) return [...new Set(good)].join(' ')
    context.addIssue({ code: 'custom', message: 'not amounts' })
    return z.NEVER
  })

const SHAPE = z.strictObject({
  offerId: z.uuid(),
  /** When the offer that was looked at had last been changed; absent for a new one. */
  basedOn: z.exactOptional(z.iso.datetime()),
  type: z.enum(OFFER_TYPES),
  titleRu: named(120),
  titleEn: named(120),
  textRu: lines(600),
  textEn: lines(600),
  price: amountText('RUB').nullable(),
  chips: chipsText,
  vatCode: z.enum(VAT_CODES),
  least: amountText('RUB').nullable(),
  most: amountText('RUB').nullable(),
  perPerson: number(1, 1_000_000).nullable(),
  metaKey: named(100).nullable(),
  /** One value a line. */
  metaValues: lines(900).refine((text) => JSON.stringify(valuesOf(text)).length <= MOST_SIGNS_OF_VALUES),
  activeFrom: day,
  /** The last day on which it is sold. */
  activeUntil: day,
  position: number(0, 1_000_000),
  enabled: z.boolean(),
  lowStock: number(0, 1_000_000),
})

/** An offer as staff write it: amounts as decimal text, days of the operator's zone. */
export const OFFER = SHAPE.superRefine((offer, context) => {
  for (const [field, isWrong] of faults(offer)) if (isWrong) context.addIssue({ code: 'custom', path: [field], message: 'does not fit' })
})
export type OfferPayload = z.output<typeof SHAPE>

const minor = (text: string | null): bigint | null => (text === null ? null : parseMoney(text, 'RUB').minor)
const valuesOf = (text: string): string[] => [
  ...new Set(
    text
      .split('\n')
      .map((value) => value.trim())
      .filter((value) => value !== ''),
  ),
]

function faults(offer: OfferPayload): [field: keyof OfferPayload, isWrong: boolean][] {
  const [least, most, values] = [minor(offer.least), minor(offer.most), valuesOf(offer.metaValues)]
  const isVoucher = offer.type === 'voucher'
  return [
    ['price', isVoucher !== (offer.price !== null)],
    ['chips', isVoucher && offer.chips !== ''],
    ['least', isVoucher && least !== null],
    ['most', (isVoucher && most !== null) || (least !== null && most !== null && most < least)],
    ['metaValues', (offer.metaKey === null) !== (values.length === 0) || values.length > MOST_VALUES],
    ['activeUntil', offer.activeFrom !== null && offer.activeUntil !== null && offer.activeUntil < offer.activeFrom],
  ]
}

const rub = (text: string | null): Money | null => (text === null ? null : parseMoney(text, 'RUB'))

export const bodyOf = (offer: OfferPayload, zone: string): OfferBody => ({
  type: offer.type,
  title: { ru: offer.titleRu, en: offer.titleEn },
  text: { ru: offer.textRu, en: offer.textEn },
  price: rub(offer.price),
  chips: offer.chips === '' ? [] : offer.chips.split(' ').map((amount) => parseMoney(amount, 'RUB')),
  vatCode: offer.vatCode,
  least: rub(offer.least),
  most: rub(offer.most),
  perPerson: offer.perPerson === null ? null : Number(offer.perPerson),
  visibility: offer.metaKey === null ? null : { key: offer.metaKey, values: valuesOf(offer.metaValues) },
  activeFrom: offer.activeFrom === null ? null : dayStart(offer.activeFrom, zone),
  activeUntil: offer.activeUntil === null ? null : dayStart(addDays(offer.activeUntil, 1), zone),
  position: Number(offer.position),
  isEnabled: offer.enabled,
  lowStock: Number(offer.lowStock),
})

const decimal = (amount: Money | null): string | null => amount && toDecimal(amount.minor)

/** The same the other way round, for a form. */
export const payloadOf = (offer: Offer, zone: string): OfferPayload => ({
  offerId: offer.id,
  basedOn: offer.changedAt.toISOString(),
  type: offer.type,
  titleRu: offer.title.ru,
  titleEn: offer.title.en,
  textRu: offer.text.ru,
  textEn: offer.text.en,
  price: decimal(offer.price),
  chips: offer.chips.map((chip) => toDecimal(chip.minor)).join(' '),
  vatCode: offer.vatCode,
  least: decimal(offer.least),
  most: decimal(offer.most),
  perPerson: offer.perPerson === null ? null : String(offer.perPerson),
  metaKey: offer.visibility?.key ?? null,
  metaValues: offer.visibility?.values.join('\n') ?? '',
  activeFrom: offer.activeFrom && dayOf(offer.activeFrom, zone),
  activeUntil: offer.activeUntil && addDays(dayOf(offer.activeUntil, zone), -1),
  position: String(offer.position),
  enabled: offer.isEnabled,
  lowStock: String(offer.lowStock),
})

const amountFact = (text: string | null): string | null => text && `${text} RUB`

/** For the preview and the audit log. */
export const offerFacts = ({ price, least, most, metaValues, metaKey, ...offer }: OfferPayload): AuditFacts => ({
  type: offer.type,
  titleRu: offer.titleRu,
  titleEn: offer.titleEn,
  textRu: offer.textRu,
  textEn: offer.textEn,
  price: amountFact(price),
  least: amountFact(least),
  most: amountFact(most),
  chips: offer.chips,
  vatCode: offer.vatCode,
  perPerson: offer.perPerson,
  shown_beside: metaKey === null ? null : `${metaKey}: ${valuesOf(metaValues).join(', ')}`,
  validFrom: offer.activeFrom,
  validUntil: offer.activeUntil,
  position: offer.position,
  lowStock: offer.lowStock,
  enabled: offer.enabled,
})
