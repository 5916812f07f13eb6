import type { Author } from '../shared/actor'
import { tell } from '../shared/told'
import { findOffer, importCodes, listShops, saveShop } from '../storefront'
import type { OfferPayload, ShopChange } from '../storefront'
import type { Parts } from '../wiring'

const REASON = tell('told.demo_catalogue')

const POINTS: OfferPayload = {
  offerId: '019ab0de-0000-4000-8000-000000000001',
  type: 'points',
  titleRu: 'Баллы программы',
  titleEn: 'Points of the programme',
  textRu: 'Приходят на счёт сразу после оплаты.',
  textEn: 'They come to the account right after the payment.',
  price: null,
  chips: '500.00 1000.00 3000.00',
  vatCode: 'VATNONE',
  least: null,
  most: null,
  perPerson: null,
  metaKey: null,
  metaValues: '',
  activeFrom: null,
  activeUntil: null,
  position: '10',
  enabled: true,
  lowStock: '0',
}

const VOUCHERS: readonly OfferPayload[] = [
  {
    ...POINTS,
    offerId: '019ab0de-0000-4000-8000-000000000002',
    type: 'voucher',
    titleRu: 'Кофе с собой',
    titleEn: 'Coffee to go',
    textRu: 'Любой напиток среднего размера в кофейнях сети.',
    textEn: 'Any drink of medium size in the coffee shops of the chain.',
    price: '250.00',
    chips: '',
    position: '20',
    lowStock: '5',
  },
  {
    ...POINTS,
    offerId: '019ab0de-0000-4000-8000-000000000003',
    type: 'voucher',
    titleRu: 'Бизнес-зал аэропорта',
    titleEn: 'Airport lounge',
    textRu: 'Один проход в бизнес-зал. Предлагается рядом с билетом.',
    textEn: 'One visit to the lounge. Offered beside a ticket.',
    price: '2900.00',
    chips: '',
    perPerson: '4',
    metaKey: 'iataCode',
    metaValues: 'LED\nSVO\nDME',
    position: '30',
    lowStock: '5',
  },
]

const CODES_EACH = 30

const SHOPS: readonly Omit<ShopChange, 'author' | 'reason'>[] = [
  {
    shopId: '019ab0de-0000-4000-8000-000000000011',
    title: { ru: 'СПА на Петроградской', en: 'Spa on Petrogradskaya' },
    text: { ru: 'Массаж и уход.', en: 'Massage and care.' },
    address: 'Санкт-Петербург, Большой проспект П. С., 18',
    link: 'https://spa.example.test/',
    position: 10,
    isShown: true,
  },
  {
    shopId: '019ab0de-0000-4000-8000-000000000012',
    title: { ru: 'Кофейня «Зерно»', en: 'Zerno coffee shop' },
    text: { ru: 'Кофе, завтраки и выпечка.', en: 'Coffee, breakfasts and pastry.' },
    address: 'Санкт-Петербург, Рубинштейна, 7',
    link: 'https://zerno.example.test/',
    position: 20,
    isShown: true,
  },
]

/** What the demo sells, and where its points can be spent. What is there already stays as somebody has changed it. */
export async function seedDemoCatalogue(parts: Parts, author: Author): Promise<void> {
  for (const offer of [POINTS, ...VOUCHERS]) {
    if (await findOffer(parts.db, offer.offerId)) continue
    await parts.deeds.offers.change.perform(offer, { author, reason: REASON, key: offer.offerId })
    if (offer.type === 'voucher') await importCodes(parts, { offerId: offer.offerId, text: codesFor(offer), author, reason: REASON })
  }
  const known = new Set((await listShops(parts.db)).map(({ id }) => id))
  for (const shop of SHOPS) if (!known.has(shop.shopId)) await saveShop(parts, { ...shop, author, reason: REASON })
}

const codesFor = ({ titleEn }: OfferPayload): string =>
  Array.from({ length: CODES_EACH }, (_, index) => `DEMO-${titleEn.slice(0, 6).trim().toUpperCase()}-${String(1_000 + index)}`).join('\n')
