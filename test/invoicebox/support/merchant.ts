import { createLog } from '../../../src/shared/log'
import { basketOf, createMerchantClient, makeLine } from '../../../src/invoicebox'
import type { InvoiceboxDeps, MerchantClient, MerchantSettings, OrderDraft } from '../../../src/invoicebox'
import { parseMoney } from '../../../src/shared/money'
import { MovedClock, settings } from './world'

/* The examples of invoicebox-api 3.4 and 3.11. */

export const MERCHANT_ID = '5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e'
export const ORDER_ID = '018f6d2a-7c40-b1d2-e3f4-5a6b7c8d9e0f'
export const CONTAINER_ID = '018f6d2a-7c3e-a9b8-c7d6-e5f4a3b2c1d0'
export const REFUND_ID = '018f7144-2c0d-9e8f-7a6b-5c4d3e2f1a0b'

export const rub = (text: string) => parseMoney(text, 'RUB')

const spa = { sku: 'SPA-60', name: 'Массаж спины, 60 мин, сертификат', measure: 'шт', measureCode: '796' } as const
const service = { vatCode: 'RUS_VAT22', type: 'service', paymentType: 'full_prepayment' } as const

export const massages = (quantity: string) => makeLine({ ...spa, ...service }, quantity, rub('6100'))

export const draft = (more: Partial<OrderDraft> = {}): OrderDraft => ({
  merchantOrderId: 'BR-2026-00417',
  description: 'Сертификат на массаж, 2 сеанса',
  basket: basketOf([massages('2')]),
  expirationDate: new Date('2026-03-07T09:30:00.999Z'),
  language: 'ru',
  customer: { type: 'private', name: 'Смирнова Ольга Игоревна', phone: '79217654321', email: 'o.smirnova@example.test' },
  links: { success: 'https://spa.example.test/pay/ok', fail: 'https://spa.example.test/pay/fail', back: 'https://spa.example.test/cart' },
  notificationUrl: 'https://spa.example.test/hooks/invoicebox',
  ...more,
})

export const lineAnswer = (more: object = {}) => ({
  ...spa,
  quantity: 2,
  amount: 6100,
  amountWoVat: 5000,
  totalAmount: 12200,
  totalVatAmount: 2200,
  ...service,
  ...more,
})

export const orderAnswer = (more: object = {}) => ({
  id: ORDER_ID,
  description: 'Сертификат на массаж, 2 сеанса',
  currencyId: 'RUB',
  amount: 12200,
  vatAmount: 2200,
  basketItems: [lineAnswer()],
  orderContainerId: CONTAINER_ID,
  merchantId: MERCHANT_ID,
  status: 'created',
  subtype: 'order',
  processingStatus: '',
  createdAt: '2026-03-05T09:30:00+00:00',
  merchantOrderId: 'BR-2026-00417',
  merchantOrderIdVisible: 'BR-2026-00417',
  expirationDate: '2026-03-07T09:30:00+00:00',
  fileIds: [],
  paymentUrl: `https://pay.sandbox.test/order/${CONTAINER_ID}`,
  customer: { type: 'private', name: 'Смирнова Ольга Игоревна', phone: '79217654321', email: 'o.smirnova@example.test' },
  languageId: 'ru',
  processable: true,
  ...more,
})

export const refundAnswer = (more: object = {}) => ({
  id: REFUND_ID,
  parentId: ORDER_ID,
  description: 'Возврат за один сеанс',
  merchantOrderId: 'BR-2026-00417-R1',
  merchantId: MERCHANT_ID,
  amount: 6100,
  vatAmount: 1100,
  currencyId: 'RUB',
  basketItems: [lineAnswer({ quantity: 1, totalAmount: 6100, totalVatAmount: 1100 })],
  createdAt: '2026-03-09T10:15:00+00:00',
  status: 'created',
  ...more,
})

export const shipmentAnswer = (more: object = {}) => ({
  id: 90417,
  orderId: ORDER_ID,
  merchantId: MERCHANT_ID,
  documentNumber: 'АКТ-118',
  documentDate: '2026-03-06',
  status: 'completed',
  final: true,
  amount: 12200,
  vatAmount: 2200,
  createdAt: '2026-03-06T15:00:00+00:00',
  basketItems: [lineAnswer()],
  ...more,
})

export interface TestMerchant {
  readonly client: MerchantClient
  readonly clock: MovedClock
  readonly logged: () => string
}

export function makeMerchant(baseUrl: string, more: Partial<MerchantSettings> = {}, deps: Partial<InvoiceboxDeps> = {}): TestMerchant {
  const lines: string[] = []
  const clock = new MovedClock()
  const log = createLog('trace', { write: (line: string) => void lines.push(line) })
  const client = createMerchantClient(
    { ...settings(baseUrl), merchantId: MERCHANT_ID, ...more },
    { clock, log, newId: () => 'our-request', ...deps },
  )
  return { client, clock, logged: () => lines.join('') }
}
