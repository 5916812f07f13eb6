import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { createApp } from './app'
import { checkToken } from './check-token'
import { findDefaultPasswords } from './members'
import { releaseLeases } from './payments'
import { SECOND } from './shared/clock'
import { isMigrated, migrateToLatest } from './shared/migrate'
import { NotReady } from './shared/not-ready'
import { unreadableCodes } from './storefront'
import { startWorker } from './worker'
import type { Parts } from './wiring'

/** A confirm may take 30 s; whatever is not answered by then goes on in another process. */
const DRAIN_MS = 32 * SECOND

/** Our forms are small, so a request that is not here by then comes from somebody who holds connections open. */
const HEADERS_MS = 10 * SECOND
const REQUEST_MS = 15 * SECOND
const LOOK_EVERY_MS = 5 * SECOND

export interface Running {
  readonly port: number
  /** Takes no new requests, lets those under way end, hands unfinished payments over and closes everything. */
  stop(): Promise<void>
}

/** Starts the web process, with the background jobs in the same process where asked. @throws NotReady */
export async function serve(parts: Parts, options: { withWorker: boolean }): Promise<Running> {
  await prepare(parts)
  const { app } = createApp(parts)
  const server = createServer({ headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS, connectionsCheckingInterval: LOOK_EVERY_MS }, app)
  const port = await listen(server, parts.config.port, parts.config.host)
  const worker = options.withWorker ? startWorker(parts) : undefined
  parts.log.info({ port, mode: parts.config.mode, worker: options.withWorker }, 'the gateway listens')
  void parts.background.follow(checkToken(parts))
  return {
    port,
    async stop() {
      parts.background.close()
      await Promise.all([close(server), worker && atMost(DRAIN_MS, worker.stop())])
      await parts.background.idle(DRAIN_MS)
      await releaseLeases(parts)
      await parts.close()
    },
  }
}

/** Starts the background process. @throws NotReady */
export async function work(parts: Parts): Promise<{ stop(): Promise<void> }> {
  await prepare(parts)
  const worker = startWorker(parts)
  parts.log.info('the worker runs')
  void parts.background.follow(checkToken(parts))
  return {
    async stop() {
      parts.background.close()
      await atMost(DRAIN_MS, worker.stop())
      await parts.background.idle(DRAIN_MS)
      await releaseLeases(parts)
      await parts.close()
    },
  }
}

/** An embedded database is brought up to date on the way; a shared one belongs to whoever deploys. */
async function prepare(parts: Parts): Promise<void> {
  const { config, db } = parts
  if (config.databaseUrl.startsWith('sqlite:')) await migrateToLatest(config.databaseUrl)
  else if (!(await isMigrated(config.databaseUrl))) throw new NotReady('The database is not migrated. Run `gateway migrate` first.')
  const logins = config.mode === 'production' ? await findDefaultPasswords(db) : []
  if (logins.length > 0)
    throw new NotReady(`These logins still have their default password: ${logins.join(', ')}. Change or remove them before production.`)
  await requireReadableCodes(parts)
}

/** Else what is sold could not be handed out. @throws NotReady */
async function requireReadableCodes(parts: Parts): Promise<void> {
  const what = await unreadableCodes(parts)
  if (what !== undefined)
    throw new NotReady(
      `The stored ${what} do not open under CODES_SECRET, nor what stands in its place: SESSION_SECRET. Set CODES_SECRET to what SESSION_SECRET or CODES_SECRET was when they were stored; docs/runbook.md, "Rotate secrets", tells what to do when that is lost.`,
    )
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new NotReady(`Port ${port} is taken. Stop what listens there, or set PORT.`) : error)
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** A run that takes longer is left behind: its leases are freed, and whatever it still finds out is fenced off. */
const atMost = (milliseconds: number, work: Promise<void>): Promise<void> =>
  Promise.race([work, pause(milliseconds, undefined, { ref: false })])

async function close(server: Server): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const deadline = setTimeout(() => server.closeAllConnections(), DRAIN_MS).unref()
  await closed
  clearTimeout(deadline)
}
