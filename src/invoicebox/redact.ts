import type { Answer, Reply } from './answers'
import { readBody } from './answers'
import { HIDDEN, maskText } from './clean-text'
import { ExactNumber, NotJson, isObject, parseExactJson } from './exact-json'
import type { Json, JsonObject } from './exact-json'
import { headerText } from './retry-after'

/**
 * What of an exchange may be stored (invariant 26). Fields are let through by name and shape, everything else is hidden: whoever
 * adds a field upstream does not add a leak here. What cannot be read as JSON is described, not quoted, since half an invoice
 * still carries the payer's name.
 */
const ID = /^[\w.:-]{1,100}$/
const NUMBER = /^-?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,4})?$/
const DATE = /^\d{4}-\d\d-\d\d[\dT:.+Z -]{0,30}$/
const WORD = /^[a-z_]{1,50}$/i

const KEPT = new Map<string, RegExp>(
  Object.entries({
    id: ID,
    partnerOperationId: ID,
    invoiceId: ID,
    userId: ID,
    number: /^[\w./-]{1,50}$/,
    createdAt: DATE,
    expirationDate: DATE,
    amount: NUMBER,
    vatAmount: NUMBER,
    currencyId: /^[A-Z]{3}$/,
    status: WORD,
    code: ID,
    totalCount: NUMBER,
    pageSize: NUMBER,
    page: NUMBER,
    merchantId: ID,
    merchantOrderId: ID,
    orderContainerId: ID,
    parentId: ID,
    orderId: ID,
    documentNumber: ID,
    paidAt: DATE,
    vatCode: ID,
    quantity: NUMBER,
    amountWoVat: NUMBER,
    totalAmount: NUMBER,
    totalVatAmount: NUMBER,
    availableAmount: NUMBER,
    availableVatAmount: NUMBER,
    result: WORD,
    paymentMethodId: NUMBER,
  }),
)
/** Inside an error's `fields`, `name` is the path of a field; anywhere else it is a person. */
const FIELD_PATH = /^[a-z][\w.[\]]{0,60}$/
/** Free text, kept with addresses, phones and tokens masked. */
const MASKED = ['message']
/** Containers that are looked into. `customer` is not one of them. */
const OPENED = ['data', 'metaData', 'extendedData', 'error', 'fields', 'basketItems']
/** Lists of ids and links need not be whole to be useful. */
const MAX_ITEMS = 20
const MAX_KEYS = 40
const MAX_TEXT = 300
/** Larger bodies are described only. */
const MAX_BODY = 64 * 1024
const MAX_STORED = 4_096
/** Shorter parts of a secret are words that occur anywhere. */
const SHORTEST_PART = 8

/** @param secrets our token and key: hidden wherever they turn up, an echo of our own header included. */
export class Redactor {
  private readonly secrets: readonly string[]

  constructor(secrets: readonly (string | undefined)[]) {
    // A token of the older form is login and secret; either half may be echoed alone (2.3).
    const halves = secrets
      .filter((secret) => secret !== undefined)
      .flatMap((secret) => [secret, ...secret.split(':').filter((part) => part.length >= SHORTEST_PART)])
    // A message is masked before it gets here, and ten digits of a token in a row look like a phone number: what masking leaves of a token is hidden too.
    const left = halves.flatMap((secret) =>
      maskText(secret, secret.length * 2)
        .split(HIDDEN)
        .filter((part) => part.length >= SHORTEST_PART),
    )
    const parts = [...halves, ...left].sort((one, other) => other.length - one.length)
    this.secrets = parts.filter((part) => part !== '')
  }

  path(path: string): string {
    return this.hide(path.replace(/(?<=[?&]vatNumber=)[^&]*/g, HIDDEN), 1_000)
  }

  /** Header lines as they were sent, without the token, and of the body what may be stored: an order names who pays. */
  request(method: string, path: string, headers: Readonly<Record<string, string>>, body: string): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${/^(authorization|x-signature)$/i.test(name) ? HIDDEN : value}`)
    return this.hide([`${method} ${this.path(path)}`, ...lines, '', body && redactJson(body)].join('\n').trimEnd(), MAX_STORED)
  }

  response(reply: Reply): string {
    if (reply.kind === 'fault') return `[${reply.reason}${reply.sent ? '' : ', nothing was sent'}]`
    const body = reply.body.length <= MAX_BODY ? readBody(reply) : undefined
    return this.hide(body === undefined ? describe(reply) : JSON.stringify(visible(body)), MAX_STORED)
  }

  /** Support asks for this id; anything that does not look like one is dropped. */
  requestId(text: string | null): string | null {
    return text !== null && /^[\w.:/+=-]{1,100}$/.test(text) ? this.hide(text, 100) : null
  }

  message(text: string): string {
    return this.hide(text, 500)
  }

  private hide(text: string, limit: number): string {
    return cut(
      this.secrets.reduce((left, secret) => left.replaceAll(secret, HIDDEN), text),
      limit,
    )
  }
}

/** At most `limit` bytes; a character that would be halved is left out. */
function cut(text: string, limit: number): string {
  const bytes = Buffer.from(text, 'utf8')
  return bytes.length <= limit ? text : new TextDecoder().decode(bytes.subarray(0, limit), { stream: true })
}

function describe({ headers, body }: Answer): string {
  const type = headerText(headers, 'content-type') ?? 'no content type'
  return `[${/^[\w./+-]{1,60}/.exec(type)?.[0] ?? 'an odd content type'}, ${body.length} bytes]`
}

/** What may be stored of JSON text; what is none is described. */
export function redactJson(text: string): string {
  try {
    return JSON.stringify(visible(parseExactJson(text)))
  } catch (error) {
    if (error instanceof NotJson) return `[no JSON, ${Buffer.byteLength(text)} bytes]`
    throw error
  }
}

/** Plain values that `JSON.stringify` writes: numbers as the text they came as. */
function visible(value: Json, inside = ''): unknown {
  if (Array.isArray(value)) {
    const more = value.length > MAX_ITEMS ? [`[${value.length - MAX_ITEMS} more]`] : []
    return [...value.slice(0, MAX_ITEMS).map((item) => visible(item, inside)), ...more]
  }
  return isObject(value) ? visibleObject(value, inside) : HIDDEN
}

function visibleObject(object: JsonObject, inside: string): Record<string, unknown> {
  const entries = Object.entries(object)
    .slice(0, MAX_KEYS)
    .map(([key, value]): [string, unknown] => [WORD.test(key) ? key : HIDDEN, visibleField(key, value, inside)])
  return Object.fromEntries(entries)
}

function visibleField(key: string, value: Json, inside: string): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (OPENED.includes(key) && typeof value === 'object' && !(value instanceof ExactNumber)) return visible(value, key)
  const text = value instanceof ExactNumber ? value.text : value
  if (typeof text !== 'string') return HIDDEN
  if (key === 'paymentUrl') return linkWithoutQuery(text)
  if (MASKED.includes(key)) return maskText(text, MAX_TEXT)
  const shape = inside === 'fields' && key === 'name' ? FIELD_PATH : KEPT.get(key)
  return shape?.test(text) ? text : HIDDEN
}

function linkWithoutQuery(text: string): string {
  if (!/^https?:/i.test(text) || !URL.canParse(text) || text.includes('@')) return HIDDEN
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${pathname}`.slice(0, MAX_TEXT)
}
