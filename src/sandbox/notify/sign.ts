import { createHmac } from 'node:crypto'
import type { NotificationAlgorithm } from '../state/settings'

/** `X-Signature`: lowercase hex HMAC of the exact bytes, with the shop's key (reference 4.2). */
export const sign = (body: string, key: string, algorithm: NotificationAlgorithm): string =>
  createHmac(algorithm, key).update(body, 'utf8').digest('hex')
