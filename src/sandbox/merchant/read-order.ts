import { z } from 'zod'
import { ROUND_POLICIES } from '../state/basket'
import type { OrderWish } from '../state/create-order'
import type { OrderChange } from '../state/change-order'
import type { OrderExtras, OrderLinks } from '../state/orders'
import type { ApiCall } from '../wire/call'
import { basketItems } from './read-basket'
import { amount, flag, isEmptyList, jsonObject, moment, oneOf, readApiBody, text } from './read-body'

const link = text(1_000).nullish()
const shopId = z.union([z.number().int(), text(36)], { error: 'This value should be of type string.' })

/** PHP prints an empty object as `[]`. */
const orEmptyList = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (isEmptyList(value) ? {} : value), schema)

export const customer = orEmptyList(
  z.looseObject(
    {
      type: oneOf(['legal', 'private']).nullish(),
      name: text(500).nullish(),
      phone: text(100).nullish(),
      email: text(100).nullish(),
      vatNumber: text(20).nullish(),
      taxRegistrationReasonCode: text(9).nullish(),
      registrationAddress: text(1_000).nullish(),
    },
    { error: 'This value should be of type object.' },
  ),
)

/** Sent by everyone who sends a customer; anything else is ignored. */
const CUSTOMER = ['type', 'name', 'phone', 'email', 'vatNumber', 'taxRegistrationReasonCode', 'registrationAddress', 'countryId']

const customerFields = (sent: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(sent).filter((pair): pair is [string, string] => CUSTOMER.includes(pair[0]) && typeof pair[1] === 'string'),
  )

const orderSetting = orEmptyList(z.object({ roundPolicy: oneOf(ROUND_POLICIES).nullish(), disableValidate: flag.nullish() })).nullish()

const orderFields = {
  description: text(1_000),
  merchantOrderId: text(256, 1),
  merchantOrderIdVisible: text(256).nullish(),
  amount,
  vatAmount: amount,
  currencyId: text(3, 1),
  languageId: text(2).nullish(),
  expirationDate: moment,
  basketItems,
  metaData: jsonObject.nullish(),
  customer,
  notificationUrl: link,
  successUrl: link,
  failUrl: link,
  returnUrl: link,
  invoiceSetting: jsonObject.nullish(),
  orderSetting,
  parentId: text(36).nullish(),
  orderContainerId: text(36).nullish(),
  shopId: shopId.nullish(),
  userAccountId: text(36).nullish(),
  processable: flag.nullish(),
}

const createSchema = z.object({ merchantId: text(36, 1), ...orderFields })

const agentSchema = z.object({
  ...orderFields,
  seller: z.object({
    type: oneOf(['counterparty']),
    countryId: text(3, 1),
    vatNumber: text(20, 1),
    taxRegistrationReasonCode: text(9).nullish(),
  }),
})

const updateSchema = z.object({
  description: text(1_000).optional(),
  amount: amount.optional(),
  vatAmount: amount.optional(),
  expirationDate: moment.optional(),
  basketItems: basketItems.optional(),
  metaData: jsonObject.optional(),
  customer: customer.optional(),
  shopId: shopId.optional(),
  orderSetting,
})

type Sent = Omit<z.output<typeof createSchema>, 'merchantId'>

const linksOf = ({ notificationUrl, successUrl, failUrl, returnUrl }: Sent): OrderLinks => ({
  notificationUrl: notificationUrl || null,
  successUrl: successUrl || null,
  failUrl: failUrl || null,
  returnUrl: returnUrl || null,
})

type Extras = { readonly [Name in keyof OrderExtras]: OrderExtras[Name] | null | undefined }

const extrasOf = ({ metaData, shopId: shop, userAccountId, parentId }: Extras): OrderExtras =>
  Object.fromEntries(
    Object.entries({ metaData, shopId: shop, userAccountId, parentId }).filter(([, value]) => value !== undefined && value !== null),
  )

function wishOf(merchantId: string, sent: Sent): OrderWish {
  return {
    merchantId,
    merchantOrderId: sent.merchantOrderId,
    merchantOrderIdVisible: sent.merchantOrderIdVisible || undefined,
    description: sent.description,
    amount: sent.amount,
    vatAmount: sent.vatAmount,
    currencyId: sent.currencyId,
    languageId: sent.languageId ?? undefined,
    expirationDate: sent.expirationDate,
    basketItems: sent.basketItems,
    customer: customerFields(sent.customer),
    links: linksOf(sent),
    extras: extrasOf(sent),
    orderContainerId: sent.orderContainerId || undefined,
    roundPolicy: sent.orderSetting?.roundPolicy ?? 'strict',
    isUnchecked: sent.orderSetting?.disableValidate ?? false,
    processable: sent.processable ?? true,
  }
}

/** CreateOrderRequest of the reference's section 3.4.1. @throws ApiRefusal 400 `bad_request`, 422 `validation` */
export function readOrder(call: ApiCall): OrderWish {
  const { merchantId, ...sent } = readApiBody(createSchema, call)
  return wishOf(merchantId, sent)
}

/** The same from an agent: the seller is named by tax number (reference 3.4.6). */
export function readAgentOrder(call: ApiCall, merchantOf: (vatNumber: string) => string): OrderWish {
  const { seller, ...sent } = readApiBody(agentSchema, call)
  return wishOf(merchantOf(seller.vatNumber), sent)
}

/** What may be changed before payment (reference 3.4.5). @throws ApiRefusal 400 `bad_request`, 422 `validation` */
export function readOrderChange(call: ApiCall): OrderChange {
  const { metaData, shopId: shop, orderSetting: setting, customer: payer, ...changes } = readApiBody(updateSchema, call)
  return {
    ...changes,
    ...(payer ? { customer: customerFields(payer) } : {}),
    extras: extrasOf({ metaData, shopId: shop, userAccountId: undefined, parentId: undefined }),
    isUnchecked: setting?.disableValidate ?? false,
  }
}
