import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app'
import { openGate } from './notify/gate'
import { seedInvoices } from './state/seeds'
import { DEFAULT_NOTIFICATION_KEY, DEFAULT_PARTNER_URL } from './state/settings'
import type { StartSettings } from './state/settings'
import { createWorld } from './state/world'
import type { World } from './state/world'

export interface SandboxOptions {
  /** 0: any free port. Default 4100. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** The partner's bearer token. */
  readonly token?: string
  /** The gateway's page; may hold the placeholder `{invoiceId}`. */
  readonly partnerAuthUrl?: string
  /** The shop that orders are created for. Default: the one of the reference's examples. */
  readonly merchantId?: string | undefined
  /** The shop's bearer token; the partner's token opens the merchant API as well. */
  readonly merchantToken?: string | undefined
  /** The shop's key for signatures of notifications. */
  readonly notificationKey?: string | undefined
  /** Where the shop's notifications go. Default: `/invoicebox/notifications` beside the partner's page. */
  readonly notificationUrl?: string | undefined
  /** For the random parts; a random one by default. */
  readonly seed?: number
}

export interface RunningSandbox {
  readonly url: string
  readonly port: number
  readonly token: string
  readonly merchantId: string
  readonly merchantToken: string
  readonly notificationKey: string
  readonly seed: number
  close(): Promise<void>
}

export const DEFAULT_PORT = 4100
export const DEFAULT_TOKEN = 'sandbox-partner-token-0001'
export const DEFAULT_MERCHANT_TOKEN = 'sandbox-merchant-token-0001'
export const DEFAULT_MERCHANT_ID = '5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e'

/** How long a request in flight may take to finish when the sandbox stops. Faults end at once. */
const PATIENCE = 500

/** Starts Invoicebox, simulated, with its seeded invoices. @throws Error when the port is taken */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const { host = '127.0.0.1', seed = Math.floor(Math.random() * 2 ** 32) } = options
  const { token = DEFAULT_TOKEN, merchantToken = DEFAULT_MERCHANT_TOKEN, merchantId = DEFAULT_MERCHANT_ID } = options
  const start = startSettings(options)
  const server = createServer()
  const port = await listen(server, options.port ?? DEFAULT_PORT, host)
  const url = `http://${nameOf(host)}:${port}`
  const stopping = new AbortController()
  const world = createWorld({ url, token, merchantId, merchantToken, start, stopping: stopping.signal, seed })
  seedInvoices(world)
  server.on('request', createApp(world, { stopping: stopping.signal, host }))
  openGate(world, server)
  const close = (): Promise<void> => stop(world, server, stopping)
  return { url, port, token, merchantId, merchantToken, notificationKey: start.notificationKey, seed, close }
}

function startSettings(options: SandboxOptions): StartSettings {
  const { partnerAuthUrl = DEFAULT_PARTNER_URL, notificationKey = DEFAULT_NOTIFICATION_KEY } = options
  const besidePartner = new URL('/invoicebox/notifications', partnerAuthUrl).href
  return { partnerAuthUrl, notificationKey, notificationUrl: options.notificationUrl ?? besidePartner }
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** The name by which this machine reaches itself. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** Stops taking requests, ends delayed and endless answers, lets the others finish for a moment. Calling it twice is harmless. */
async function stop(world: World, server: Server, stopping: AbortController): Promise<void> {
  stopping.abort()
  world.agenda.clear()
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const deadline = setTimeout(() => server.closeAllConnections(), PATIENCE)
  await closed
  clearTimeout(deadline)
}
