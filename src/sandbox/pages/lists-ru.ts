import type { FaultKind } from '../state/faults'
import type { InvoiceStatus } from '../state/invoices'
import type { OrderStatus } from '../state/orders'
import type { RefundStatus } from '../state/refunds'
import type { Settings } from '../state/settings'

export const statuses: Record<InvoiceStatus, string> = {
  pending: 'Ожидает оплаты',
  paid: 'Оплачен',
  canceled: 'Отменён',
  partial: 'Оплачен частично',
}

export const orderStatuses: Record<OrderStatus, string> = {
  created: 'Ожидает оплаты',
  completed: 'Оплачен',
  canceled: 'Отменён',
  expired: 'Истёк',
}

export const refundStatuses: Record<RefundStatus, string> = {
  draft: 'черновик',
  created: 'принят',
  completed: 'исполнен',
  canceled: 'отменён',
}

export const faultKinds: Record<FaultKind, string> = {
  lose: 'уведомление не уходит и не повторяется',
  duplicate: 'уведомление уходит сразу в copies копиях',
  reorder: 'уведомление ждёт, пока не уйдёт следующее',
  'wrong-signature': 'уведомление подписано чужим ключом',
  'no-signature': 'уведомление без X-Signature',
  'wrong-amount': 'в уведомлении другая сумма',
  'wrong-currency': 'в уведомлении доллары',
  'wrong-merchant': 'в уведомлении чужой merchantId',
  'wrong-status': 'в уведомлении status "success"',
  'unknown-order': 'в уведомлении неизвестный заказ',
  'other-payment': 'в уведомлении другой id того же заказа',
  reserialize: 'после подписи из косых черт пропадают обратные',
  'lose-request': 'связь рвётся до обработки',
  'lose-answer': 'запрос обработан, связь рвётся до ответа',
  delay: 'обработано сразу, ответ через ms; с before и обработка позже',
  status: 'ответ с этим кодом HTTP без обработки; с after сначала обработка',
  garbage: 'HTML с кодом 200 вместо ответа',
  truncate: 'обработано, ответ обрезан наполовину',
  reset: 'сброс TCP; с after после обработки',
  'wrong-operation': 'обработано, но в ответе чужой partnerOperationId',
  endless: 'заголовки, потом бесконечное тело',
  'no-id': 'обработано, но в ответе нет id',
  'second-transaction': 'на повтор приходит другой id транзакции',
  redirect: 'перенаправление на другой адрес',
  'echo-html-error': 'код 500 и HTML, повторяющий запрос',
  'change-amount': 'сразу после ответа сумма счёта меняется',
  'cancel-invoice': 'магазин отменяет счёт прямо перед обработкой',
  'pay-otherwise': 'счёт оплачивают другим способом прямо перед обработкой',
}

export const settings: Record<keyof Settings, string> = {
  rateLimit: 'Запросов на токен за окно: 100/30 или off. Сверх этого ответ 429 (Q-35).',
  rateLimiter:
    'Как считать запросы: fixed (окна по часам), flexible (окно открывает первый запрос), sliding-log (любой отрезок длиной в окно) (Q-35).',
  nonIdempotentConfirm: 'На повтор оплаты с тем же partnerOperationId отвечать invoice_already_paid вместо 200 (Q-10).',
  singleAsArray: 'Счёт по id приходит массивом из одного элемента (Q-05).',
  statusMissing: 'Счета приходят без status (Q-15).',
  metaDataMissing: 'Списки приходят без metaData (Q-29).',
  unknownFields: 'В ответах есть поля, которых нет в описании.',
  numericIds: 'Id новых счетов и транзакций состоят только из цифр (Q-38).',
  paidDelaySeconds: 'Сколько секунд после оплаты счёт ещё читается как pending (Q-17).',
  strictHeaders: 'Без Accept, Content-Type и User-Agent в описанном виде отвечать 422 validation (Q-39).',
  signatureRequired: 'Оплата требует X-Signature: HMAC-SHA1 тела с ключом signatureKey (Q-21).',
  signatureKey: 'Ключ для X-Signature.',
  partnerAuthUrl: 'Страница партнёра, куда уходит покупатель; вместо {invoiceId} подставляется id счёта (Q-02).',
  returnLinks: 'Какие ссылки возврата получает партнёр (Q-03).',
  queryNames: 'Имена параметров перехода: счёт, успех, отказ, возврат (Q-01).',
  magicAmounts: 'Счёт с волшебной суммой при создании получает свой сбой.',
  notificationKey: 'Ключ магазина для X-Signature уведомлений (Q-61).',
  notificationAlgorithm: 'Чем подписаны уведомления: sha1 или sha256 (Q-56).',
  notificationUrl: 'Куда идут уведомления магазина, если в заказе нет своего адреса; пусто: никуда.',
  notificationDelay: 'Сколько миллисекунд по часам песочницы проходит до уведомления.',
  notificationTimeoutMs: 'Сколько миллисекунд магазин может отвечать на уведомление; в описании 20 секунд.',
  notifyCanceled: 'Уведомлять и об отменённых заказах (Q-54).',
  merchantOrderIdUnique: 'На второй заказ с тем же merchantOrderId отвечать 422 merchant_order_id_duplicate (Q-42).',
  refundAfterMs: 'Через сколько миллисекунд по часам песочницы возврат исполнен; off: только вручную (Q-50).',
  shippingControl: 'Страница оплаты ждёт ответа магазина на уведомление.',
  cancelNeedsShippingUnavailable: 'Оплаченный заказ можно отменить только после ответа shipping_unavailable (Q-51).',
  refundableExtrasMissing: 'Строки к возврату приходят без availableAmount и availableVatAmount (Q-48).',
  strictMerchant: 'На чужой merchantId отвечать 403 forbidden.',
  minapps:
    'Мини-приложения в маркетплейсе и на странице оплаты: [{"title": "…", "url": "…"}]; default: /minapp рядом со страницей партнёра.',
  minappReturn:
    'Куда покупатель мини-приложения возвращается после оплаты: frame (во фрейм) или top (на страницу магазина вместо неё) (Q-66).',
}
