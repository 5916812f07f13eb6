import { createHmac } from 'node:crypto'
import type { InvoiceboxSettings } from './settings'

/**
 * The headers that every method wants (2.2), our own id for tracing, and a signature of the raw body where one was agreed.
 * Nothing packed is asked for: a packed answer would have to be bounded twice.
 */
export function requestHeaders(
  { token, appName, appVersion, signatureKey }: InvoiceboxSettings,
  requestId: string,
  body: Buffer | null,
): Record<string, string> {
  return {
    Accept: 'application/json',
    'Accept-Encoding': 'identity',
    'Content-Type': 'application/json',
    'User-Agent': `${appName}/${appVersion} (invoicebox-client ${appVersion})`,
    Authorization: `Bearer ${token}`,
    'X-Request-Id': requestId,
    ...(body && signatureKey ? { 'X-Signature': createHmac('sha1', signatureKey).update(body).digest('hex') } : {}),
  }
}
