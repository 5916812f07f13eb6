import { DEFAULT_PORT } from './index'
import type { SandboxOptions } from './index'

/**
 * Settings of `npm run sandbox`, all optional. The only reader of the environment here.
 * Started in the surroundings of a gateway, it knows that gateway's token and address without being told twice.
 * @throws Error that names every fault at once
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env): SandboxOptions {
  const port = Number(env['SANDBOX_PORT'] || DEFAULT_PORT)
  const token = env['SANDBOX_TOKEN'] || env['INVOICEBOX_TOKEN'] || undefined
  const partnerAuthUrl = env['SANDBOX_PARTNER_URL'] || gatewayPage(env)
  const merchant = merchantSettings(env)
  const faults = [
    Number.isInteger(port) && port >= 0 && port <= 65_535 ? '' : 'SANDBOX_PORT must be a port number from 0 to 65535.',
    token === undefined || SECRET.test(token) ? '' : 'SANDBOX_TOKEN must be 8 to 200 printable characters without blanks.',
    merchant.merchantToken === undefined || SECRET.test(merchant.merchantToken)
      ? ''
      : 'SANDBOX_MERCHANT_TOKEN must be 8 to 200 printable characters without blanks.',
    merchant.notificationUrl === undefined || isHttpUrl(merchant.notificationUrl)
      ? ''
      : 'SANDBOX_NOTIFICATION_URL must be an http or https address.',
    partnerAuthUrl === undefined || isHttpUrl(partnerAuthUrl) ? '' : 'SANDBOX_PARTNER_URL must be an http or https address.',
  ].filter((fault) => fault !== '')
  if (faults.length > 0) throw new Error(faults.join(' '))
  return { port, ...(token === undefined ? {} : { token }), ...(partnerAuthUrl === undefined ? {} : { partnerAuthUrl }), ...merchant }
}

const SECRET = /^[\x21-\x7e]{8,200}$/

type MerchantSettings = Pick<SandboxOptions, 'merchantId' | 'merchantToken' | 'notificationKey' | 'notificationUrl'>

/** The shop, as the gateway knows it. */
function merchantSettings(env: NodeJS.ProcessEnv): MerchantSettings {
  const settings = {
    merchantId: env['SANDBOX_MERCHANT_ID'] || env['INVOICEBOX_MERCHANT_ID'],
    merchantToken: env['SANDBOX_MERCHANT_TOKEN'] || env['INVOICEBOX_MERCHANT_TOKEN'],
    notificationKey: env['SANDBOX_NOTIFICATION_KEY'] || env['INVOICEBOX_NOTIFICATION_KEY'],
    notificationUrl: env['SANDBOX_NOTIFICATION_URL'],
  }
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value))
}

function gatewayPage({ PUBLIC_URL, PORT }: NodeJS.ProcessEnv): string | undefined {
  if (PUBLIC_URL) return `${PUBLIC_URL.replace(/\/+$/, '')}/pay`
  return PORT ? `http://localhost:${PORT}/pay` : undefined
}

function isHttpUrl(text: string): boolean {
  const protocol = URL.canParse(text) ? new URL(text).protocol : ''
  return protocol === 'http:' || protocol === 'https:'
}
