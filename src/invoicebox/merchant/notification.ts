import { isUtf8 } from 'node:buffer'
import { z } from 'zod'
import type { Unit } from '../../shared/money'
import { cleanText } from '../clean-text'
import { NotJson, isObject, parseExactJson } from '../exact-json'
import type { Json } from '../exact-json'
import { redactJson } from '../redact'
import { exactText, moment, readAmount, readId } from '../wire'
import type { Notification, OrderNotification, Unreadable } from './notification-types'

/** The id of the monitoring's notification (4.4, Q-59). */
const PING_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

const NUMBER_LIMIT = 256
/** As much of a notification as is stored of any exchange. */
const REDACTED_LIMIT = 4_096

const text = exactText.nullish().transform((value) => value ?? '')

const shape = z.object({
  id: z
    .custom<Json>()
    .optional()
    .transform((value) => readId(value) ?? ''),
  merchantId: text,
  merchantOrderId: text,
  orderContainerId: z
    .custom<Json>()
    .optional()
    .transform((value) => readId(value)),
  status: text,
  amount: text,
  currencyId: text,
  createdAt: moment
    .nullish()
    .catch(null)
    .transform((value) => value ?? null),
})

/** Reads the raw body of a signed notification; it has no envelope (4.1). Pure. */
export function parseNotification(body: Buffer, currencies: readonly Unit[]): Notification {
  if (!isUtf8(body)) return unreadable('The body is not UTF-8.', '')
  const json = new TextDecoder().decode(body)
  try {
    return toNotification(parseExactJson(json), json, currencies)
  } catch (error) {
    if (error instanceof NotJson) return unreadable(error.message, json)
    throw error
  }
}

/**
 * The notification that this value is.
 * @param json the text that the value was read from, for the log
 */
export function toNotification(value: Json, json: string, currencies: readonly Unit[]): Notification {
  const read = shape.safeParse(value)
  if (!isObject(value) || !read.success) return unreadable('A field of the notification is missing or odd.', json)
  const { id, merchantId, merchantOrderId, amount, currencyId, status, ...rest } = read.data
  if (id === '') return unreadable('The notification names no order.', json)
  if (id.toLowerCase() === PING_ID && merchantOrderId === '') return { kind: 'ping', merchantId: cleanText(merchantId, 36) }
  const money = readAmount(amount, currencyId, { currencies })
  return {
    kind: 'order',
    id,
    merchantId: cleanText(merchantId, 36),
    merchantOrderId: cleanText(merchantOrderId, NUMBER_LIMIT),
    status: statusOf(status),
    amount: typeof money === 'string' ? null : money,
    ...rest,
    redacted: redacted(json),
  }
}

/** `cancelled` is the spelling of one plugin; `success` stands in a sample and is no status of an order. */
function statusOf(status: string): OrderNotification['status'] {
  if (status === 'completed') return 'completed'
  return status === 'canceled' || status === 'cancelled' ? 'canceled' : 'unknown'
}

const unreadable = (problem: string, json: string): Unreadable => ({ kind: 'unreadable', problem, redacted: redacted(json) })

const redacted = (json: string): string => redactJson(json).slice(0, REDACTED_LIMIT)
