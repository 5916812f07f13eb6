import { rmSync } from 'node:fs'
import { COMMAND_LINE } from './shared/actor'
import { createLog } from './shared/log'
import { migrateToLatest } from './shared/migrate'
import { NotReady } from './shared/not-ready'
import { BadConfig, DEFAULT_DATABASE, readConfig } from './config'
import type { Config } from './config'
import { seedDemo } from './demo/data'
import { issueDemoInvoices, lookAtDemoInvoices } from './demo/invoices'
import { serve } from './serve'
import { buildParts } from './wiring'
import { startSandbox } from './sandbox'

const OWN = './data/demo.sqlite3'

/** A file of the demo's own, named after its ports where they are not the usual ones, so that two demos do not share it; or the database that DATABASE_URL names. */
function databaseOf({ port, sandboxPort, databaseUrl }: Config): { url: string; ownFile: string | null } {
  if (databaseUrl !== DEFAULT_DATABASE) return { url: databaseUrl, ownFile: null }
  const ownFile = port === 3000 && sandboxPort === 4100 ? OWN : OWN.replace('demo', `demo-${port}-${sandboxPort}`)
  return { url: `sqlite:${ownFile}`, ownFile }
}

/** Starts the sandbox and the gateway side by side, seeded and (on its own file) afresh each time, and says so once both answer. */
async function demo(): Promise<void> {
  const settings = readConfig({ MODE: 'demo', LOG_LEVEL: 'warn', INVOICEBOX_TOKEN: '', INVOICEBOX_API_URL: '' })
  const database = databaseOf(settings)
  const config = { ...settings, databaseUrl: database.url }
  const sandbox = await startSandbox({
    port: config.sandboxPort,
    token: config.invoicebox.token,
    partnerAuthUrl: new URL('/pay', config.publicUrl).href,
    merchantId: config.invoicebox.merchantId,
    merchantToken: config.invoicebox.merchantToken,
    notificationKey: config.invoicebox.notificationKey,
  })
  // Only now: a demo that is running already still needs its file, and its sandbox has the port.
  if (database.ownFile) for (const ending of ['', '-wal', '-shm']) rmSync(database.ownFile + ending, { force: true })
  await migrateToLatest(config.databaseUrl)
  const parts = buildParts(config, { log: createLog(config.logLevel) })
  await seedDemo(parts, COMMAND_LINE)
  await issueDemoInvoices(sandbox.url, parts.clock.now())
  const gateway = await serve(parts, { withWorker: true })
  await lookAtDemoInvoices(parts)
  const stop = (): void => void Promise.all([gateway.stop(), sandbox.close()]).then(() => process.exit(0))
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.stdout.write(greeting({ gateway: config.publicUrl.origin, sandbox: sandbox.url, beside: besideIt(config, database) }))
}

/** What a command needs to reach this very demo. A database that somebody has named may have a password in its address, which is not printed. */
function besideIt({ port, sandboxPort }: Config, { url, ownFile }: { url: string; ownFile: string | null }): string {
  const ports = port === 3000 && sandboxPort === 4100 ? '' : `PORT=${port} SANDBOX_PORT=${sandboxPort} `
  return `MODE=demo DATABASE_URL=${ownFile === null ? '"$DATABASE_URL"' : url} ${ports}npm run -s gateway --`
}

const greeting = ({ gateway, sandbox, beside }: Readonly<Record<'gateway' | 'sandbox' | 'beside', string>>): string => `
demo ready

  1. Invoices of the sandbox    ${sandbox}/
     Open one, choose the loyalty programme, sign in as anna (password demo-anna), confirm.
  2. Anna's account             ${gateway}/account
  3. The back office            ${gateway}/admin
     Sign in as admin, operator, approver, support, auditor or viewer.
  4. Automatic payment          ${gateway}/admin/autopay
     The organisation 7710044140 has rules and invoices. It is off until you switch it on, there or by this command:
     ${beside} autopay on
  5. The sandbox by hand        ${sandbox}/_sandbox/
  6. The mini-app, hosted       ${sandbox}/marketplace

  Members: anna (25 000 points), boris (100), vera (locked). Each password is demo- and the login. Ctrl+C ends both.
`

demo().catch((error: unknown) => {
  const { code, port, message, stack } = error as NodeJS.ErrnoException & { port?: number }
  const isTaken = code === 'EADDRINUSE'
  const isExpected = error instanceof BadConfig || error instanceof NotReady
  process.stderr.write(
    `${isTaken ? `Port ${String(port)} is taken. Stop what listens there, or set SANDBOX_PORT.` : isExpected ? message : String(stack)}\n`,
  )
  process.exit(1)
})
