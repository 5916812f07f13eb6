import { recoverPayments, resolveReview } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { isMigrated } from '../../src/shared/migrate'
import { Browser } from '../support/browser'
import type { Page } from '../support/browser'
import { startGateway } from '../support/gateway-process'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { paymentOf, settled, strikes } from '../payments/steps'

/** What a later version's first migration might do: it adds, and widens what the database allows; nothing that this version needs is taken away. */
const FUTURE = [
  'alter table payments add column pool_id varchar(36)',
  'alter table checkouts add column pool_id varchar(36)',
  'alter table ledger_transfers add column channel varchar(10)',
  'alter table ledger_accounts add column nickname varchar(10)',
  'alter table sessions add column device varchar(10)',
  'create table pools (id varchar(36) primary key)',
  'alter table payments drop constraint payments_state',
  `alter table payments add constraint payments_state check (state in ('confirming', 'review', 'captured', 'voided', 'reversed', 'pooled'))`,
  `insert into knex_migrations (name, batch, migration_time) values ('900_pools', 9, now())`,
]

describe('a later version has begun to run on the same database', () => {
  let world: World
  let anna: Buyer
  let boris: Buyer
  let invoice: SandboxInvoice
  let boriss: Page
  let paymentId: string

  beforeAll(async () => {
    world = await World.make({ engine: 'postgres' })
    anna = await world.member({ points: '500.00' })
    boris = await world.member({ points: '500.00' })
    invoice = await world.sandbox.invoice({ amount: '100.00' })
    boriss = await boris.opens(invoice)
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    paymentId = (await paymentOf(world, invoice)).id
    for (const sql of FUTURE) await world.db.raw(sql)
    await pool()
  })
  afterAll(() => world.close())

  /** As the later version would: its holds stay, and everything that this version looks for says "due". */
  async function pool(): Promise<void> {
    await world
      .db('payments')
      .where({ id: paymentId })
      .update({ state: 'pooled', pool_id: 'p1', lease_until: null, next_attempt_at: '2020-01-01' })
    await world
      .db('payment_events')
      .insert({ id: 'pooled', payment_id: paymentId, from_state: 'confirming', to_state: 'pooled', actor: 'system:pools', at: new Date() })
    await world.db('outbox').insert({ id: 'pooled', payment_id: paymentId, topic: 'payment.pooled', body: '{}', created_at: new Date() })
  }

  const untouched = async (): Promise<void> => {
    expect(await paymentOf(world, invoice)).toMatchObject({ state: 'pooled', attempts: 1 })
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  }

  test('a payment in a state that is not known here is neither recovered nor moved, and work on others goes on', async () => {
    const other = await world.sandbox.invoice({ amount: '50.00' })
    await strikes(world, other, { kind: 'lose-answer' })
    expect((await boris.pays(other)).state).toBe('checking')
    expect(await settled(world, other)).toMatchObject({ state: 'captured' })
    expect(await recoverPayments(world.parts)).toBe(0)
    const resolving = resolveReview(world.parts, { paymentId, resolution: { kind: 'void' }, reason: 'test', author: COMMAND_LINE })
    await expect(resolving).rejects.toMatchObject({ code: 'payment_in_wrong_state' })
    await untouched()
  })

  test('its page says that it is being checked; nobody else can pay the invoice, not even with a form that was opened before', async () => {
    const mine = await anna.opens(invoice)
    expect([mine.state, mine.html.includes('/confirm"')]).toEqual(['checking', false])
    const refused = await boris.confirms(boriss)
    expect([refused.state, refused.html.includes('/confirm"')]).toEqual(['unavailable', false])
    expect(refused.html).toContain('Этот счёт уже оплачивают с другой учётной записи.')
    expect((await world.browser().open(invoice.partnerUrl)).state).toBe('sign-in')
    expect((await anna.browser.open('/account')).status).toBe(200)
    expect((await anna.browser.open(`${new URL(mine.url).pathname}/receipt`)).status).toBe(404)
    await untouched()
  })

  test('`payments list` shows it as it is, and `ledger verify` says in one sentence that it cannot judge it', async () => {
    expect((await world.payments()).find(({ id }) => id === paymentId)).toMatchObject({ state: 'pooled', nextAttemptAt: null })
    expect(await world.findings()).toEqual([
      `Payment ${paymentId} is or was in a state that this version does not know: verify with the newest version that runs here.`,
    ])
  })

  test('an old process goes on and a new one of the old version starts', async () => {
    expect(await isMigrated(world.databaseUrl)).toBe(true)
    expect((await world.browser().open('/readyz')).status).toBe(200)
    const gateway = await startGateway(world, { withWorker: true })
    expect((await new Browser(gateway.url).open('/readyz')).status).toBe(200)
    gateway.child.kill('SIGTERM')
    expect(await gateway.ended).toBe('0')
    await untouched()
  })

  test('when the later version has ended it in a state that is known here, the page follows the invoice again', async () => {
    await world.db('payments').where({ id: paymentId }).update({ state: 'voided', rejection_code: 'made_up' })
    for (const buyer of [anna, boris]) expect((await buyer.opens(invoice)).state).toBe('already-paid') // As the invoice itself says now.
  })
})
