import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { findLostPayments } from '../../src/reconciliation'
import type { Difference } from '../../src/reconciliation'
import { SECOND } from '../../src/shared/clock'
import { openDatabase } from '../../src/shared/database'
import { run } from '../config/run'
import { paymentOf, paymentsOf, settled, strikes } from '../payments/steps'
import type { Page } from '../support/browser'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

/** A picture of the world's database, as a backup is, and the way back to it. */
interface Snapshot {
  restore(): Promise<void>
  forget(): Promise<void>
}

async function takeSnapshot(world: World): Promise<Snapshot> {
  const name = new URL(world.databaseUrl).pathname.slice(1)
  const copy = `backup_${randomBytes(6).toString('hex')}`
  const admin = async (...statements: string[]): Promise<void> => {
    const db = openDatabase(process.env.TEST_POSTGRES_URL ?? '', { poolSize: 1 })
    for (const sql of statements) await db.raw(sql)
    await db.destroy()
  }
  /** PostgreSQL copies a database only while nobody is connected to it. */
  const alone = async (...statements: string[]): Promise<void> => {
    await world.parts.ledger.idle()
    await world.db.destroy()
    await admin(...statements)
    world.db.initialize()
  }
  await alone(`create database ${copy} template ${name}`)
  return {
    restore: () => alone(`drop database ${name} with (force)`, `create database ${name} template ${copy}`),
    forget: () => admin(`drop database ${copy} with (force)`),
  }
}

/** How long Invoicebox takes is not what is tested here. */
const PATIENT = { writeMs: 20_000, readMs: 20_000, headersMs: 20_000, bodyMs: 10_000 }

describe('an older backup replaces the database, or a standby that lacks the last commits takes over', () => {
  let world: World
  let snapshot: Snapshot
  let [anna, boris]: Buyer[] = []
  const invoices = new Map<string, SandboxInvoice>()
  const forms = new Map<string, Page>()
  const of = (name: string): SandboxInvoice => invoices.get(name) as SandboxInvoice
  let differences: readonly Difference[]

  async function pays(buyer: Buyer | undefined, name: string): Promise<string | undefined> {
    const page = forms.get(name) ?? (await buyer?.opens(of(name)))
    if (page) forms.set(name, page)
    return page && (await buyer?.confirms(page))?.state
  }

  beforeAll(async () => {
    world = await World.make({ engine: 'postgres', timeouts: PATIENT })
    anna = await world.member({ points: '1000.00' })
    boris = await world.member({ points: '1000.00' })
    const names = ['kept', 'open', 'cancelled', 'seen', 'just-read', 'later', 'later-open', 'otherwise']
    for (const name of names) invoices.set(name, await world.sandbox.invoice({ amount: '100.00' }))
    expect([await pays(anna, 'kept'), await pays(anna, 'cancelled')]).toEqual(['paid', 'paid'])
    await strikes(world, of('open'), { kind: 'lose-answer' })
    expect(await pays(anna, 'open')).toBe('checking')
    for (const name of ['seen', 'just-read']) forms.set(name, await anna.opens(of(name)))

    snapshot = await takeSnapshot(world)
    expect([await pays(anna, 'seen'), await pays(anna, 'just-read'), await pays(boris, 'later')]).toEqual(['paid', 'paid', 'paid'])
    await strikes(world, of('later-open'), { kind: 'lose-answer' })
    expect(await pays(boris, 'later-open')).toBe('checking')
    await world.sandbox.change(of('otherwise'), { status: 'paid' })
    await world.sandbox.cancelByMerchant(of('cancelled'))
    await snapshot.restore()
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await world.close()
    await snapshot.forget()
  })

  test('a payment that was open in the backup ends captured, with the operation that it had', async () => {
    const { operationId, state } = await paymentOf(world, of('open'))
    expect(state).toBe('confirming')
    await world.passes(60 * SECOND)
    expect(await paymentOf(world, of('open'))).toMatchObject({ state: 'captured', operationId })
    expect((await world.sandbox.operationsOn(of('open'))).map((operation) => operation.partnerOperationId)).toEqual([operationId])
  })

  test.each(['seen', 'later', 'later-open'])(
    '%s: paid after the backup: its page says so, and no old form pays a second time',
    async (name) => {
      const buyer = name === 'seen' ? anna : boris
      const repeated = await buyer?.confirms(forms.get(name) as Page)
      expect([repeated?.state, repeated?.status]).toEqual(name === 'seen' ? ['already-paid', 200] : ['error', 401]) // Boris had not signed in yet, as far as the backup knows.
      expect((await buyer?.opens(of(name)))?.state).toBe('already-paid')
      expect(await paymentsOf(world, of(name))).toEqual([])
      expect(await world.sandbox.operationsOn(of(name))).toHaveLength(1)
    },
  )

  test('a form whose invoice was read just before the backup holds points again, is refused upstream, and waits for a person', async () => {
    await world
      .db('checkouts')
      .where({ invoice_id: of('just-read').id })
      .update({ read_at: world.clock.now() })
    expect((await anna?.confirms(forms.get('just-read') as Page))?.state).toBe('checking')
    expect(await settled(world, of('just-read'))).toMatchObject({ state: 'review' })
    expect(await world.sandbox.operationsOn(of('just-read'))).toHaveLength(1)
  })

  test('reconciliation finds every operation that the backup lacks, and what was cancelled meanwhile', async () => {
    ;({ differences } = await findLostPayments(world.parts))
    const found = [...invoices].map(([name, { id }]) => [
      name,
      differences.filter(({ invoiceId }) => invoiceId === id).map(({ kind }) => kind),
    ])
    expect(Object.fromEntries(found)).toEqual({
      kept: [],
      open: [],
      cancelled: ['captured_here_cancelled_there'],
      seen: ['paid_there_unknown_here'],
      'just-read': [], // In review: a person looks at it already.
      later: ['paid_there_unknown_here'],
      'later-open': ['paid_there_unknown_here'],
      otherwise: ['paid_there_unknown_here'], // By whom, the list does not say.
    })
    for (const { text, resolved } of differences)
      expect([resolved, text]).toEqual([false, expect.stringMatching(/^(Invoice|Payment) .+\.$/)])
  })

  test('`gateway reconcile --json` prints the same and ends with 1', async () => {
    const { databaseUrl, invoicebox } = world.parts.config
    const env = { MODE: 'sandbox', DATABASE_URL: databaseUrl, INVOICEBOX_API_URL: invoicebox.apiUrl, INVOICEBOX_TOKEN: invoicebox.token }
    const ended = await run(['reconcile', '--since', '2020-01-01T00:00:00Z', '--json'], { cwd: tmpdir(), env })
    expect([ended.code, ended.err]).toEqual([1, ''])
    const { checked, differences: printed } = JSON.parse(ended.out) as { checked: number; differences: Difference[] }
    expect(printed).toEqual(differences)
    expect(checked).toBeGreaterThanOrEqual(invoices.size)
  })
})
