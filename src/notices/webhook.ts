import { createHmac } from 'node:crypto'
import { isIP } from 'node:net'
import { Agent, request } from 'undici'
import { SECOND } from '../shared/clock'
import type { Delivery } from './delivery'
import { errorCode } from './delivery'
import type { Notice, NoticesDeps } from './notice'
import { isPublicAddress, NotPublic, publicLookup } from './public-address'

const TIMEOUT_MS = 10 * SECOND
/** We read no more of an answer than that: only its status counts. */
const MOST_OF_ANSWER = 16_384

export interface Webhook {
  deliver(notice: Notice): Promise<Delivery>
  close(): Promise<void>
}

/** How a receiver knows that a call is ours: HMAC-SHA256 of the body's bytes under the shared secret, in hex. */
export const signatureOf = (body: string, secret: string): string => `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`

/** What is sent. `id` is the same in every repeat, so a receiver can tell them apart. */
export const bodyOf = ({ id, facts }: Notice): string =>
  JSON.stringify({ id, kind: facts.kind, subject: facts.subject, detail: facts.detail, at: facts.at })

/** Calls the operator's address about alerts. Redirects are not followed: an answer other than 2xx is a failure. */
export function createWebhook({ settings }: NoticesDeps): Webhook {
  const { allowPrivate } = settings
  const agent = new Agent({ connect: { timeout: TIMEOUT_MS, ...(allowPrivate ? {} : { lookup: publicLookup }) }, pipelining: 0 })
  return {
    async deliver(notice) {
      const { webhookUrl, webhookSecret } = settings.alerts
      if (webhookUrl === undefined) return { kind: 'dropped', why: 'no webhook' }
      try {
        refusePrivateLiteral(webhookUrl, allowPrivate)
        const status = await call(agent, webhookUrl, bodyOf(notice), webhookSecret)
        return status >= 200 && status < 300 ? { kind: 'sent' } : { kind: 'failed', error: `HTTP ${status}` }
      } catch (error) {
        return { kind: 'failed', error: errorCode(error) }
      }
    },
    close: () => agent.destroy(),
  }
}

/** An address that is written as a number is never looked up. */
function refusePrivateLiteral(url: string, allowPrivate: boolean): void {
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) throw new NotPublic('the address is not public')
}

async function call(dispatcher: Agent, url: string, body: string, secret: string | undefined): Promise<number> {
  const answer = await request(url, {
    dispatcher,
    method: 'POST',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'InvoiceboxLoyaltyGateway',
      ...(secret === undefined ? {} : { 'x-signature': signatureOf(body, secret) }),
    },
    body,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  })
  // Nobody waits for an answer without end; what was understood is its status.
  await answer.body.dump({ limit: MOST_OF_ANSWER }).catch(() => undefined)
  return answer.statusCode
}
