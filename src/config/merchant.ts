import { checked, isWeak, oneOf, optional } from './fields'

/* The settings of the operator as a merchant of Invoicebox: orders that members pay to buy points, and what Invoicebox tells about them. */

export interface MerchantConfig {
  /** The operator's shop; undefined where nothing is sold. */
  readonly merchantId: string | undefined
  readonly merchantToken: string
  /** Invoicebox's id of the loyalty programme; undefined where no shop is sent to the marketplace. */
  readonly programId: string | undefined
  /** Signs notifications; undefined where none are expected by HTTP. */
  readonly notificationKey: string | undefined
  readonly notificationAlgorithm: 'sha1' | 'sha256'
  /** The address of the WebSocket channel without the token; null where it is not used. */
  readonly websocketUrl: string | null
}

/** What may stand in a header without changing its meaning. */
export const isToken = (text: string): boolean => /^[\x21-\x7e]{1,512}$/.test(text)

/** Published in Invoicebox's own documents, so they protect nothing. */
export const PUBLISHED_TOKEN = /^(\d+-API:)?b37c4c689295904ed21eee5d9a48d42e$/i
const PUBLISHED_MERCHANT = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** What the demo and the sandbox use when nothing is set. Production refuses token and key by name. */
const SANDBOX_MERCHANT = '5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e'
const SANDBOX_PROGRAM = '018f5000-aaaa-bbbb-cccc-0123456789ab'
const SANDBOX_TOKEN = 'sandbox-merchant-token-0001'
const SANDBOX_KEY = 'sandbox-sign-key'

const isWebSocket = (text: string): boolean => ['on', 'off'].includes(text) || (/^wss?:\/\//i.test(text) && URL.canParse(text))

export const MERCHANT_FIELDS = {
  INVOICEBOX_MERCHANT_ID: checked(
    (text) => /^[\w-]{1,36}$/.test(text),
    'INVOICEBOX_MERCHANT_ID must be 1 to 36 Latin letters, digits and hyphens.',
  ),
  INVOICEBOX_MERCHANT_TOKEN: checked(
    isToken,
    'INVOICEBOX_MERCHANT_TOKEN must be at most 512 Latin letters, digits and signs without blanks.',
  ),
  PROGRAM_ID: checked((text) => /^[\w-]{1,36}$/.test(text), 'PROGRAM_ID must be 1 to 36 Latin letters, digits and hyphens.'),
  INVOICEBOX_NOTIFICATION_KEY: optional,
  INVOICEBOX_NOTIFICATION_ALGORITHM: oneOf('INVOICEBOX_NOTIFICATION_ALGORITHM', ['sha1', 'sha256']).default('sha1'),
  INVOICEBOX_WEBSOCKET: checked(isWebSocket, 'INVOICEBOX_WEBSOCKET must be on, off, or a ws:// or wss:// address.'),
}

interface MerchantEnvironment {
  readonly INVOICEBOX_MERCHANT_ID?: string | undefined
  readonly INVOICEBOX_MERCHANT_TOKEN?: string | undefined
  readonly PROGRAM_ID?: string | undefined
  readonly INVOICEBOX_NOTIFICATION_KEY?: string | undefined
  readonly INVOICEBOX_NOTIFICATION_ALGORITHM: 'sha1' | 'sha256'
  readonly INVOICEBOX_WEBSOCKET?: string | undefined
}

/** @param of what the rest of the settings says */
export function toMerchant(env: MerchantEnvironment, of: { isProduction: boolean; apiUrl: string; token: string }): MerchantConfig {
  const own = of.isProduction ? undefined : { merchantId: SANDBOX_MERCHANT, key: SANDBOX_KEY, programId: SANDBOX_PROGRAM }
  return {
    merchantId: env.INVOICEBOX_MERCHANT_ID ?? own?.merchantId,
    merchantToken: env.INVOICEBOX_MERCHANT_TOKEN ?? of.token,
    programId: env.PROGRAM_ID ?? own?.programId,
    notificationKey: env.INVOICEBOX_NOTIFICATION_KEY ?? own?.key,
    notificationAlgorithm: env.INVOICEBOX_NOTIFICATION_ALGORITHM,
    websocketUrl: websocketUrl(env.INVOICEBOX_WEBSOCKET ?? 'off', of.apiUrl),
  }
}

/** The channel of `https://api.invoicebox.ru` is at `wss://ws-gate.invoicebox.ru`, under v3 for every account (4.5); a sandbox has its own under its one address. */
function websocketUrl(setting: string, apiUrl: string): string | null {
  if (setting === 'off') return null
  if (setting !== 'on') return setting
  const address = new URL('/v3/gate/rpc', apiUrl)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hostname = address.hostname.replace(/^api\./, 'ws-gate.')
  return address.href
}

/** What must be right before points are sold in earnest: each with whether it is wrong. */
export function merchantFaults(env: MerchantEnvironment, config: MerchantConfig): [boolean, string][] {
  const { merchantId, merchantToken, notificationKey: key, websocketUrl: websocket } = config
  return [
    [merchantId?.toLowerCase() === PUBLISHED_MERCHANT, 'INVOICEBOX_MERCHANT_ID is the demo shop of the public documents. Set your own.'],
    [
      env.INVOICEBOX_MERCHANT_TOKEN !== undefined && PUBLISHED_TOKEN.test(merchantToken),
      "INVOICEBOX_MERCHANT_TOKEN is the demo token of Invoicebox's public documents. Set your own.",
    ],
    [merchantToken === SANDBOX_TOKEN, "INVOICEBOX_MERCHANT_TOKEN is the sandbox's token. Set your own."],
    [
      merchantId !== undefined && key === undefined && websocket === null,
      'INVOICEBOX_NOTIFICATION_KEY is missing: a notification of a paid order could not be told from a forged one. Set it, or INVOICEBOX_WEBSOCKET.',
    ],
    [key !== undefined && isWeak(key, 16), 'INVOICEBOX_NOTIFICATION_KEY is too weak.'],
    [key === SANDBOX_KEY, "INVOICEBOX_NOTIFICATION_KEY is the sandbox's key. Set your own."],
    [
      websocket !== null && merchantId === undefined,
      'INVOICEBOX_WEBSOCKET brings notifications of a shop, so INVOICEBOX_MERCHANT_ID must be set.',
    ],
    [websocket !== null && !/^wss:/i.test(websocket), 'INVOICEBOX_WEBSOCKET must begin with wss:// in production.'],
  ]
}
