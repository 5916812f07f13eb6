import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createApp } from './app'
import { seedInvoices } from './state/seeds'
import { DEFAULT_PARTNER_URL } from './state/settings'
import { createWorld } from './state/world'

export interface SandboxOptions {
  /** 0: any free port. Default 4100. */
  readonly port?: number
  /** Default 127.0.0.1. */
  readonly host?: string
  /** The partner's bearer token. */
  readonly token?: string
  /** The gateway's page; may hold the placeholder `{invoiceId}`. */
  readonly partnerAuthUrl?: string
  /** For the random parts; a random one by default. */
  readonly seed?: number
}

export interface RunningSandbox {
  readonly url: string
  readonly port: number
  readonly token: string
  readonly seed: number
  close(): Promise<void>
}

export const DEFAULT_PORT = 4100
export const DEFAULT_TOKEN = 'sandbox-partner-token-0001'

/** How long a request in flight may take to finish when the sandbox stops. Faults end at once. */
const PATIENCE = 500

/** Starts Invoicebox, simulated, with its seeded invoices. @throws Error when the port is taken */
export async function startSandbox(options: SandboxOptions = {}): Promise<RunningSandbox> {
  const {
    host = '127.0.0.1',
    token = DEFAULT_TOKEN,
    partnerAuthUrl = DEFAULT_PARTNER_URL,
    seed = Math.floor(Math.random() * 2 ** 32),
  } = options
  const server = createServer()
  const port = await listen(server, options.port ?? DEFAULT_PORT, host)
  const url = `http://${nameOf(host)}:${port}`
  const stopping = new AbortController()
  const world = createWorld({ url, token, partnerAuthUrl, seed })
  seedInvoices(world)
  server.on('request', createApp(world, { stopping: stopping.signal, partnerAuthUrl, host }))
  return { url, port, token, seed, close: () => stop(server, stopping) }
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
async function stop(server: Server, stopping: AbortController): Promise<void> {
  stopping.abort()
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const deadline = setTimeout(() => server.closeAllConnections(), PATIENCE)
  await closed
  clearTimeout(deadline)
}
