/** The public face of the merchant API: the client, the arithmetic of baskets, and what Invoicebox tells us. */
export { basketFaults, basketOf, makeLine, oneUnit, parseQuantity, vatInside } from './basket'
export { VAT_CODES } from './basket-types'
export type { Basket, BasketFault, BasketFaultCode, BasketLine, Goods, LineType, PaymentType, RoundPolicy, VatCode } from './basket-types'
export { ANSWER_WITHIN_MS, answerInTime } from './answer-in-time'
export { createMerchantClient } from './client'
export { createNotificationDoor, NOT_SIGNED, OUT_OF_SERVICE } from './door'
export type { DoorDeps, NotificationDoor } from './door'
export { connectGate } from './gate'
export type { Gate, GateDeps, GateSettings, GateWaits } from './gate'
export { parseNotification } from './notification'
export type { Notification, NotificationChannel, OrderNotification, Ping, Reply, ReplyCode, Unreadable } from './notification-types'
export { leftToRefund, refundBasket } from './refund-basket'
export type { MerchantSettings } from './settings'
export { SIGNATURE_ALGORITHMS, sign, verifySignature } from './signature'
export type { SignatureAlgorithm, SignatureKey } from './signature'
export { ORDER_STATUSES, REFUND_STATUSES } from './types'
export type {
  BuyerLinks,
  CodeAnswer,
  CorrectionDraft,
  CounterpartiesRead,
  Counterparty,
  Customer,
  GuaranteeRequest,
  LinesRead,
  Listed,
  MerchantClient,
  Order,
  OrderChange,
  OrderDraft,
  OrderQuery,
  OrderRead,
  OrderStatus,
  OrderWritten,
  PayAnswer,
  Refund,
  RefundableLine,
  RefundDraft,
  RefundQuery,
  RefundStatus,
  RefundWritten,
  Rejected,
  Shipment,
  ShipmentDraft,
  ShipmentWritten,
  ValidateAnswer,
} from './types'
