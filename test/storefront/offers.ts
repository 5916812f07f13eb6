import type { OfferPayload } from '../../src/storefront'

/** A voucher as staff write it. */
export const VOUCHER: Omit<OfferPayload, 'offerId'> = {
  type: 'voucher',
  titleRu: 'Кофе с собой',
  titleEn: 'Coffee to go',
  textRu: 'Любой напиток.',
  textEn: 'Any drink.',
  price: '250.00',
  chips: '',
  vatCode: 'VATNONE',
  least: null,
  most: null,
  perPerson: '2',
  metaKey: null,
  metaValues: '',
  activeFrom: null,
  activeUntil: null,
  position: '5',
  enabled: true,
  lowStock: '1',
}
