import { encodeJson } from '../http/json'
import type { Json } from '../http/json'
import { cancelByMerchant } from '../state/cancel-invoice'
import { newId } from '../state/chance'
import { isProcessed } from '../state/faults'
import type { Fault, RequestFaultKind } from '../state/faults'
import { statusOf } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { markPaid } from '../state/pay-invoice'
import type { Answer } from './call'
import { cutConnection, processExchange, resetConnection, sendAnswer, sendText, wait } from './exchange'
import type { Exchange } from './exchange'
import { ERROR_PAGE, GARBAGE_PAGE } from './html-bodies'
import { errorPayload } from './process'

type Strike = (exchange: Exchange, fault: Fault) => void | Promise<void>

const DEFAULT_DELAY = 3_000
const DRIP_PAUSE = 50
const HTML = { 'Content-Type': 'text/html; charset=UTF-8' }

/** What the API says under a status when a fault names no code. */
const CODES: ReadonlyMap<number, readonly [code: string, message: string]> = new Map([
  [400, ['bad_request', 'Bad Request']],
  [401, ['unauthorized', 'Unauthorized']],
  [403, ['forbidden', 'Forbidden']],
  [404, ['not_found', 'Error']],
  [422, ['wrong_order_status', 'Wrong order status']],
  [429, ['too_many_requests', 'Too Many Requests']],
  [503, ['out_of_service', 'Out of service']],
])

const answerIf = (exchange: Exchange, fault: Fault): Answer | null => (isProcessed(fault) ? processExchange(exchange) : null)

/** The answer with `data` changed; refusals and lists pass as they are. */
function withData(answer: Answer, change: (data: Readonly<Record<string, Json>>) => Json): Answer {
  const { data } = answer.payload as { data?: Json }
  if (data === undefined || data === null || typeof data !== 'object' || Array.isArray(data)) return answer
  return { ...answer, payload: { ...(answer.payload as Record<string, Json>), data: change(data as Record<string, Json>) } }
}

const answerChanged =
  (change: (data: Readonly<Record<string, Json>>, exchange: Exchange) => Json): Strike =>
  (exchange) =>
    sendAnswer(
      exchange,
      withData(processExchange(exchange), (data) => change(data, exchange)),
    )

const otherId = ({ world }: Exchange): string => newId(world.chance, world.clock.now(), false)

/** The Business API has a word of its own for what is not there. */
function wordsOf({ route }: Exchange, status: number): readonly [code: string, message: string] {
  if (status === 404 && route.on.startsWith('business.')) return ['invoice_not_found', 'Invoice not found']
  return CODES.get(status) ?? ['internal_server_error', 'Internal Server Error']
}

function sendStatus(exchange: Exchange, fault: Fault): void {
  answerIf(exchange, fault)
  const { status = 503, body, retryAfter } = fault
  const [code, message] = wordsOf(exchange, status)
  const headers = { ...(retryAfter === undefined ? {} : { 'Retry-After': retryAfter }), 'Content-Type': 'application/json' }
  sendText(exchange, status, headers, body ?? encodeJson(errorPayload(fault.code ?? code, message)))
}

async function sendLate(exchange: Exchange, { ms = DEFAULT_DELAY, before = false }: Fault): Promise<void> {
  const early = before ? null : processExchange(exchange)
  const isOver = await wait(exchange, ms)
  if (isOver) sendAnswer(exchange, early ?? processExchange(exchange))
  else cutConnection(exchange, early)
}

function sendHalf(exchange: Exchange): void {
  const answer = processExchange(exchange)
  const whole = encodeJson(answer.payload)
  sendText(exchange, answer.status, { 'Content-Type': 'application/json' }, whole.slice(0, Math.floor(whole.length / 2)))
}

/** A body that never ends: blanks drip after the first half of the JSON until the client or the sandbox gives up. */
async function sendForever(exchange: Exchange, fault: Fault): Promise<void> {
  const answer = answerIf(exchange, fault)
  const start = encodeJson(answer?.payload ?? { data: {} })
  exchange.entry.status = 200
  exchange.res.writeHead(200, { 'Content-Type': 'application/json' })
  exchange.res.write(start.slice(0, Math.floor(start.length / 2)))
  while (!exchange.res.closed && !exchange.res.destroyed) {
    if (!(await wait(exchange, fault.ms ?? DRIP_PAUSE))) break
    if (!exchange.res.writableNeedDrain) exchange.res.write(' '.repeat(1_024))
  }
  cutConnection(exchange, answer)
}

function sendRedirect(exchange: Exchange, fault: Fault): void {
  answerIf(exchange, fault)
  sendText(exchange, fault.status ?? 302, { ...HTML, Location: fault.location ?? `${exchange.world.url}/v3/redirected` }, '<p>Moved</p>')
}

/** The invoice of the path, or of the order in the path. */
function invoiceIn({ world, call }: Exchange): Invoice | undefined {
  const id = call.id ?? ''
  return world.invoices.get(id) ?? world.invoices.get(world.orders.get(id)?.containerId ?? '')
}

/** The world changes under the request's feet, then (or before that) the request is answered as usual. */
const answerAmid =
  (edit: (exchange: Exchange, invoice: Invoice, fault: Fault) => void): Strike =>
  (exchange, fault) => {
    const early = answerIf(exchange, fault)
    const invoice = invoiceIn(exchange)
    if (invoice) edit(exchange, invoice, fault)
    sendAnswer(exchange, early ?? processExchange(exchange))
  }

const isPending = ({ world }: Exchange, invoice: Invoice): boolean => statusOf(invoice, world.clock.now()) === 'pending'

/** How each kind of fault looks on the wire. */
export const STRIKES: Readonly<Record<RequestFaultKind, Strike>> = {
  'lose-request': (exchange) => cutConnection(exchange, null),
  'lose-answer': (exchange) => cutConnection(exchange, processExchange(exchange)),
  delay: sendLate,
  status: sendStatus,
  garbage: (exchange, fault) => {
    answerIf(exchange, fault)
    sendText(exchange, 200, HTML, fault.body ?? GARBAGE_PAGE)
  },
  truncate: sendHalf,
  reset: (exchange, fault) => resetConnection(exchange, answerIf(exchange, fault)),
  'wrong-operation': answerChanged((data, exchange) => ({ ...data, partnerOperationId: otherId(exchange) })),
  endless: sendForever,
  'no-id': answerChanged((data) => Object.fromEntries(Object.entries(data).filter(([key]) => key !== 'id'))),
  'second-transaction': answerChanged((data, exchange) => ({ ...data, id: otherId(exchange) })),
  redirect: sendRedirect,
  'echo-html-error': (exchange, fault) => {
    answerIf(exchange, fault)
    sendText(exchange, 500, HTML, ERROR_PAGE(exchange.call))
  },
  'change-amount': answerAmid((exchange, invoice, { amount }) => {
    if (isPending(exchange, invoice)) invoice.amount = amount ?? invoice.amount * 2n
  }),
  'cancel-invoice': answerAmid((exchange, invoice) => {
    if (isPending(exchange, invoice)) cancelByMerchant(exchange.world, invoice)
  }),
  'pay-otherwise': answerAmid((exchange, invoice) => {
    if (isPending(exchange, invoice)) markPaid(exchange.world, invoice, 'card')
  }),
}
