import type { ApprovalRequest, Submitted } from '../../approvals'
import { VAT_CODES } from '../../invoicebox'
import { CODE_STATES, EMPTY, isOnSale, MOST_CODES, payloadOf } from '../../storefront'
import type { CodeImport, ImportOutcome, Offer, OfferPayload, StockCounts } from '../../storefront'
import { parseMoney } from '../../shared/money'
import { formatMoment, formatMoney } from '../../shared/texts/format'
import type { Translate } from '../../shared/texts'
import { vatText } from '../facts'
import { asChoice } from '../filters'
import type { Reader } from '../reader'
import type { Cell, Table } from '../table'
import { offerPath } from './deps'

type Counts = ReadonlyMap<string, StockCounts>

export function presentOffers(offers: readonly Offer[], counts: Counts, now: Date, reader: Reader): Table {
  const { t, language } = reader
  return {
    caption: t('catalogue.heading'),
    empty: t('catalogue.empty'),
    columns: [
      { label: t('catalogue.title') },
      { label: t('catalogue.type') },
      { label: t('catalogue.price'), align: 'right' },
      { label: t('catalogue.stock'), align: 'right' },
      { label: t('catalogue.state') },
    ],
    rows: offers.map((offer) => ({
      href: offerPath(offer.id),
      cells: [
        { text: offer.title[language] },
        { text: t(`catalogue.type.${offer.type}`) },
        { text: offer.price ? formatMoney(offer.price, language) : '—' },
        { text: offer.type === 'voucher' ? String(freeOf(offer, counts)) : '—' },
        stateCell(offer, freeOf(offer, counts), now, t),
      ],
    })),
  }
}

const freeOf = ({ id }: Offer, counts: Counts): number => counts.get(id)?.free ?? 0

function stateCell(offer: Offer, free: number, now: Date, t: Translate): Cell {
  if (!isOnSale(offer, now)) return { text: t('catalogue.off_sale'), mark: 'off' }
  if (offer.type === 'voucher' && free === 0) return { text: t('catalogue.sold_out'), mark: 'bad' }
  if (offer.type === 'voucher' && free <= offer.lowStock) return { text: t('catalogue.low'), mark: 'wait' }
  return { text: t('catalogue.on_sale'), mark: 'good' }
}

/** What `views/backoffice/partials/offer-fields.ejs` prints. */
export interface OfferForm {
  readonly id: string
  /** When the offer that is shown was last changed; empty for a new one. */
  readonly basedOn: string
  readonly type: { readonly value: string; readonly choices: readonly Choice[] }
  readonly vatCode: readonly Choice[]
  readonly values: Readonly<Record<TextField, string>>
  readonly enabled: boolean
}

interface Choice {
  readonly value: string
  readonly text: string
  readonly selected: boolean
}

export const TEXT_FIELDS = [
  'titleRu',
  'titleEn',
  'textRu',
  'textEn',
  'price',
  'chips',
  'least',
  'most',
  'perPerson',
  'metaKey',
  'metaValues',
  'activeFrom',
  'activeUntil',
  'position',
  'lowStock',
] as const
type TextField = (typeof TEXT_FIELDS)[number]

const NEW: Readonly<Partial<Record<TextField, string>>> = { position: '100', lowStock: '10' }

/** @param offer what the fields are filled with; a new one begins empty */
export function offerForm(id: string, offer: Offer | undefined, { t, zone }: Reader): OfferForm {
  const filled: Partial<OfferPayload> = offer ? payloadOf(offer, zone) : NEW
  const type = offer?.type ?? 'voucher'
  const vatCode = offer?.vatCode ?? 'VATNONE'
  return {
    id,
    basedOn: filled.basedOn ?? '',
    type: {
      value: type,
      choices: (['voucher', 'points'] as const).map((value) => choice(value, type, asChoice(t(`catalogue.type.${value}`)))),
    },
    vatCode: VAT_CODES.map((value) => choice(value, vatCode, vatText(value, t) ?? value)),
    values: Object.fromEntries(TEXT_FIELDS.map((name) => [name, filled[name] ?? ''])) as Record<TextField, string>,
    enabled: offer?.isEnabled ?? true,
  }
}

const choice = (value: string, chosen: string, text: string): Choice => ({ value, text, selected: value === chosen })

export const stockRows = (counts: StockCounts | undefined, { t }: Reader): { label: string; value: string }[] =>
  CODE_STATES.map((state) => ({ label: t(`catalogue.stock.${state}`), value: String((counts ?? EMPTY)[state]) }))

/** The choice of free codes that may be taken out of the stock; null where none is free. */
export function withdrawChoices(counts: StockCounts | undefined, imports: readonly CodeImport[], { t, language, zone }: Reader) {
  const free = counts?.free ?? 0
  if (free === 0) return null
  const all = { value: ALL_CODES, text: t('catalogue.withdraw_all', { free: String(free) }) }
  const each = imports
    .filter((one) => one.free > 0)
    .map((one) => ({
      value: one.importedAt.toISOString(),
      text: t('catalogue.withdraw_import', {
        at: formatMoment(one.importedAt, language, zone),
        free: String(one.free),
        reserved: String(one.reserved),
      }),
    }))
  return [...each, all]
}

export const ALL_CODES = 'all'

const askedPrice = ({ payload: { price } }: ApprovalRequest, language: Reader['language']): string =>
  formatMoney(parseMoney(String(price), 'RUB'), language)

/** What became of an import, in one sentence; null for one that held no codes at all. */
export function importText(imported: Submitted<ImportOutcome> | null, { t, language }: Reader): { text: string; isDone: boolean } {
  if (imported === null) return { text: t('catalogue.codes_none', { most: String(MOST_CODES) }), isDone: false }
  if (imported.state === 'waiting')
    return { text: t('catalogue.codes_wait', { price: askedPrice(imported.request, language) }), isDone: false }
  const { added, duplicates, free, first, last, oddLines } = imported.result
  if (oddLines.length > 0) return { text: t('catalogue.codes_odd', { lines: oddLines.join(', ') }), isDone: false }
  const counts = { added: String(added), duplicates: String(duplicates), free: String(free), first, last }
  return { text: t('catalogue.codes_done', counts), isDone: true }
}
