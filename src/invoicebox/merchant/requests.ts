import type { Unit } from '../../shared/money'
import { basketFaults, basketOf } from './basket'
import type { BasketLine } from './basket-types'
import type { Customer, GuaranteeRequest, OrderChange, OrderDraft, RefundDraft, ShipmentDraft } from './types'
import { amountNumber, decimalNumber, momentText, writeJson } from './write-json'

/** The bodies that are sent, with documented fields only, and what is checked of them before. */

/** What would be refused; `code` is the API's own. */
export interface DraftFault {
  readonly code: string
  readonly field: string
}

const DESCRIPTION_LIMIT = 1_000
const ID_LIMIT = 36

const text = (value: string, limit: number, field: string): DraftFault[] =>
  value.length > 0 && value.length <= limit ? [] : [{ code: 'validation', field }]

/** The first fault of an order, in the order in which the API names them; `null` when it can be sent. */
export function orderFault(draft: OrderDraft, now: Date, currencies: readonly Unit[]): DraftFault | null {
  const faults = [
    ...text(draft.merchantOrderId, ID_LIMIT, 'merchantOrderId'),
    ...text(draft.description, DESCRIPTION_LIMIT, 'description'),
    ...futureOnly(draft.expirationDate, now),
    ...(currencies.includes(draft.basket.total.unit) ? [] : [{ code: 'wrong_currency', field: 'currencyId' }]),
    ...basketFaults(draft.basket, draft.roundPolicy),
  ]
  return faults[0] ?? null
}

export function changeFault(change: OrderChange, now: Date): DraftFault | null {
  const faults = [
    ...(change.description === undefined ? [] : text(change.description, DESCRIPTION_LIMIT, 'description')),
    ...(change.expirationDate ? futureOnly(change.expirationDate, now) : []),
    ...(change.basket ? basketFaults(change.basket) : []),
  ]
  return faults[0] ?? null
}

/** A refund states no rounding of its own, so a line of an order that was rounded half up passes as it was sold. */
export function refundFault({ merchantOrderId, description, basket }: RefundDraft): DraftFault | null {
  const faults = [
    ...text(merchantOrderId, ID_LIMIT, 'merchantOrderId'),
    ...text(description, DESCRIPTION_LIMIT, 'description'),
    ...basketFaults(basket, 'halfUp'),
  ]
  return faults[0] ?? null
}

/** Its lines state the sums of a basket that nobody states. */
export function shipmentFault({ documentNumber, lines }: ShipmentDraft): DraftFault | null {
  const faults = [
    ...text(documentNumber, ID_LIMIT, 'documentNumber'),
    ...(lines.length > 0 ? basketFaults(basketOf(lines), 'halfUp') : [{ code: 'validation', field: 'basketItems' }]),
  ]
  return faults[0] ?? null
}

const futureOnly = (moment: Date, now: Date): DraftFault[] =>
  moment > now ? [] : [{ code: 'wrong_expiration_date', field: 'expirationDate' }]

const lineBody = ({ price, priceWithoutVat, total, vat, quantity, ...goods }: BasketLine): object => ({
  sku: goods.sku,
  name: goods.name,
  groupName: goods.groupName,
  measure: goods.measure,
  measureCode: goods.measureCode,
  quantity: decimalNumber(quantity),
  amount: amountNumber(price),
  amountWoVat: amountNumber(priceWithoutVat),
  totalAmount: amountNumber(total),
  totalVatAmount: amountNumber(vat),
  vatCode: goods.vatCode,
  type: goods.type,
  serviceDate: goods.serviceDate,
  paymentType: goods.paymentType,
})

const customerBody = (customer: Customer): object => ({
  type: customer.type,
  name: customer.name,
  phone: customer.phone,
  email: customer.email,
  vatNumber: customer.vatNumber,
  taxRegistrationReasonCode: customer.taxRegistrationReasonCode,
  registrationAddress: customer.registrationAddress,
})

/** @param parentId the draft refund that this order corrects */
export const orderBody = (draft: OrderDraft, merchantId: string, parentId?: string): string =>
  writeJson({
    merchantId,
    merchantOrderId: draft.merchantOrderId,
    merchantOrderIdVisible: draft.visibleNumber,
    description: draft.description,
    amount: amountNumber(draft.basket.total),
    vatAmount: amountNumber(draft.basket.vat),
    currencyId: draft.basket.total.unit,
    languageId: draft.language,
    expirationDate: momentText(draft.expirationDate),
    basketItems: draft.basket.lines.map(lineBody),
    metaData: draft.metaData,
    customer: customerBody(draft.customer),
    notificationUrl: draft.notificationUrl,
    successUrl: draft.links?.success,
    failUrl: draft.links?.fail,
    returnUrl: draft.links?.back,
    invoiceSetting: draft.customerLocked === undefined ? undefined : { customerLocked: draft.customerLocked },
    orderSetting: draft.roundPolicy === undefined ? undefined : { roundPolicy: draft.roundPolicy },
    parentId,
    orderContainerId: draft.orderContainerId,
    shopId: draft.shopId,
    userAccountId: draft.userAccountId,
    processable: draft.processable,
  })

export const changeBody = ({ description, expirationDate, basket, metaData, customer, shopId }: OrderChange): string =>
  writeJson({
    description,
    amount: basket && amountNumber(basket.total),
    vatAmount: basket && amountNumber(basket.vat),
    expirationDate: expirationDate && momentText(expirationDate),
    basketItems: basket?.lines.map(lineBody),
    metaData,
    customer: customer && customerBody(customer),
    shopId,
  })

export const refundBody = ({ parentId, merchantOrderId, basket, description, status }: RefundDraft): string =>
  writeJson({
    parentId,
    merchantOrderId,
    amount: amountNumber(basket.total),
    vatAmount: amountNumber(basket.vat),
    basketItems: basket.lines.map(lineBody),
    description,
    status,
  })

export const shipmentBody = ({ orderId, documentNumber, documentDate, lines, final }: ShipmentDraft): string =>
  writeJson({ orderId, documentNumber, documentDate, basketItems: lines.map(lineBody), final })

/** @param code what the payer typed, for the last of the three calls */
export const guaranteeBody = ({
  paymentMethodId,
  language,
  customer,
  code,
}: GuaranteeRequest & { readonly code?: object | undefined }): string =>
  writeJson({ paymentMethodId, languageId: language, customer: customerBody(customer), customerPaymentData: code })
