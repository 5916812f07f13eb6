import { z } from 'zod'
import type { OfferPayload } from '../../storefront'
import { DEED_FIELDS } from '../deed-routes'
import { TYPED_AMOUNT } from '../members/typed-amount'

const short = z.string().max(250)
const long = z.string().max(1_000)

/** An offer as the form brings it; the deed checks what it says. */
export const OFFER_BODY = z.object({
  offerId: z.uuid(),
  basedOn: short.optional(),
  type: short,
  titleRu: short,
  titleEn: short,
  textRu: long,
  textEn: long,
  price: TYPED_AMOUNT,
  chips: short,
  vatCode: short,
  least: TYPED_AMOUNT,
  most: TYPED_AMOUNT,
  perPerson: short,
  metaKey: short,
  metaValues: long,
  activeFrom: short,
  activeUntil: short,
  position: short,
  lowStock: short,
  enabled: z.literal('yes').optional(),
  ...DEED_FIELDS,
})
type OfferBody = z.output<typeof OFFER_BODY>

const OWN = Object.keys(OFFER_BODY.shape).filter((name) => !Object.hasOwn(DEED_FIELDS, name)) as (keyof OfferBody)[]

/** The form's own fields, as the second step sends them again. */
export const typedOf = (body: OfferBody): Record<string, string> =>
  Object.fromEntries(OWN.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))

const filled = (text: string): string | null => (text.trim() === '' ? null : text.trim())

/** What is typed may be anything: `Approvals` holds it against the deed's own shape first. */
export const payloadFrom = (body: OfferBody): OfferPayload =>
  ({
    offerId: body.offerId,
    ...(body.basedOn !== undefined && body.basedOn !== '' && { basedOn: body.basedOn }),
    type: body.type,
    titleRu: body.titleRu,
    titleEn: body.titleEn,
    textRu: body.textRu,
    textEn: body.textEn,
    price: filled(body.price),
    chips: body.chips.replaceAll(',', '.'),
    vatCode: body.vatCode,
    least: filled(body.least),
    most: filled(body.most),
    perPerson: filled(body.perPerson),
    metaKey: filled(body.metaKey),
    metaValues: body.metaValues,
    activeFrom: filled(body.activeFrom),
    activeUntil: filled(body.activeUntil),
    position: body.position.trim(),
    enabled: body.enabled === 'yes',
    lowStock: body.lowStock.trim(),
  }) as OfferPayload
