import { randomUUID } from 'node:crypto'
import type { Tx } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { refusalOf } from './intruder'

const now = `'2026-01-01T00:00:00.000Z'`
const batch = (id: string): string => `insert into ledger_batches (id, digest, created_at) values ('${id}', '${'d'.repeat(64)}', ${now})`

const PAYMENT = `(select min(id) from payments where state = 'captured')`

/** A payment like the captured one, of another invoice, whose one hold does not exist. The other one does: it is the hold that the captured payment has of the other kind. */
function paymentWithout(missing: 'points_hold_id' | 'fund_hold_id'): string {
  const other = missing === 'points_hold_id' ? 'fund_hold_id' : 'points_hold_id'
  return `insert into payments (id, checkout_id, consent_id, consented_at, invoice_id, invoice_number, member_id, operation_id, state, points, amount, currency, ${missing}, ${other},
       attempts, lease_token, next_attempt_at, created_at)
     select 'p', checkout_id, 'c', consented_at, 'i', invoice_number, member_id, 'o', 'confirming', points, amount, currency, 'nobody', ${missing},
       1, 1, next_attempt_at, created_at from payments where id = ${PAYMENT}`
}

const PAYMENTS_REFUSED: readonly (readonly [string, RegExp, string])[] = [
  ['an edited step of a history', /never changed/, `update payment_events set to_state = 'voided' where to_state = 'captured'`],
  ['a deleted step of a history', /never changed/, `delete from payment_events`],
  ['an edited answer of Invoicebox', /never changed/, `update exchanges set response = ''`],
  ['a deleted answer of Invoicebox', /never changed/, `delete from exchanges`],
  ['a deleted payment', /never (deleted|changed)/, `delete from payments where id = ${PAYMENT}`],
  ...(['amount', 'points'] as const).map(
    (column) => [`another ${column}`, /never changed/, `update payments set ${column} = ${column} + 1`] as const,
  ),
  ...(['operation_id', 'consent_id', 'invoice_id', 'member_id', 'points_hold_id', 'fund_hold_id', 'currency'] as const).map(
    (column) => [`another ${column}`, /never changed/, `update payments set ${column} = 'x' where id = ${PAYMENT}`] as const,
  ),
  ...(['confirming', 'review', 'voided'] as const).map(
    (state) =>
      [
        `a captured payment that becomes ${state}`,
        /final/,
        `update payments set state = '${state}', rejection_code = 'x' where state = 'captured'`,
      ] as const,
  ),
  ...(['confirming', 'review', 'captured', 'reversed'] as const).map(
    (state) =>
      [
        `a voided payment that becomes ${state}`,
        /final|payments_one_per_invoice/,
        `update payments set state = '${state}', transaction_id = 'x' where state = 'voided'`,
      ] as const,
  ),
  ['a state that does not exist', /payments_state|final/, `update payments set state = 'paid' where state = 'confirming'`],
  ['a capture without a transaction id', /capture_proved/, `update payments set state = 'captured' where state = 'confirming'`],
  [
    'a step of a payment that does not exist',
    /foreign key/i,
    `insert into payment_events (id, payment_id, to_state, actor, at) values ('e', 'nobody', 'confirming', 'x', ${now})`,
  ],
  [
    'an event that is promised for no payment',
    /foreign key/i,
    `insert into outbox (id, payment_id, topic, body, created_at) values ('o', 'nobody', 'payment.captured', '{}', ${now})`,
  ],
  ['an event that is moved to no payment', /never changed|foreign key/i, `update outbox set payment_id = 'nobody'`],
  [
    'an answer about a payment that does not exist',
    /foreign key/i,
    `insert into exchanges (id, payment_id, operation, method, path, started_at, duration_ms, request, response, outcome)
       values ('x', 'nobody', 'business.get', 'GET', '/', ${now}, 1, '', '', 'found')`,
  ],
  ...(['points_hold_id', 'fund_hold_id'] as const).map(
    (column) => [`a payment whose ${column} does not exist`, /foreign key/i, paymentWithout(column)] as const,
  ),
  ['a void without a refusal', /void_proved/, `update payments set state = 'voided' where state = 'confirming'`],
]

describe.each(ENGINES)('the database on %s, about payments', (engine) => {
  let world: World

  beforeAll(async () => {
    world = await World.make({ engine })
    const buyer = await world.member({ points: '1000.00' })
    await buyer.pays(await world.sandbox.invoice({ amount: '10.00' }))
    for (const fault of [
      { on: 'business.confirm', kind: 'status', status: 422, times: 1 },
      { on: 'business.confirm', kind: 'lose-answer', times: 1 },
    ]) {
      await world.sandbox.misbehave(fault)
      await buyer.pays(await world.sandbox.invoice({ amount: '20.00' }))
    }
    expect((await world.payments()).map((payment) => payment.state).sort()).toEqual(['captured', 'confirming', 'voided'])
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test.each(PAYMENTS_REFUSED)('refuses %s', async (_what, message, sql) => {
    expect(await refusalOf(world.db, (tx) => tx.raw(sql))).toMatch(message)
  })

  if (engine === 'postgres')
    test('refuses to empty the payments', async () => {
      expect(await refusalOf(world.db, (tx) => tx.raw('truncate payments cascade'))).toMatch(/never changed/)
    })

  test('lets a captured payment be reversed', async () => {
    expect(await refusalOf(world.db, (tx) => tx.raw(`update payments set state = 'reversed' where state = 'captured'`))).toBe(
      'it was allowed',
    )
  })

  if (engine === 'postgres')
    test.each(['payments', 'payment_events', 'exchanges'])('refuses to empty %s', async (table) => {
      expect(await refusalOf(world.db, (tx) => tx.raw(`truncate ${table} cascade`))).toMatch(/never changed/)
    })

  const bornAgain = (sameAs?: string) => async (tx: Tx) => {
    const source = (await tx('payments').where({ state: 'confirming' }).first()) as Record<string, unknown>
    // Two holds of their own, so that nothing but the change can be refused.
    const batchId = randomUUID()
    const holds = [randomUUID(), randomUUID()]
    for (const id of holds) {
      await tx.raw(
        `insert into ledger_holds (id, account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at) values ('${id}', 'fund', 'paid', 'RUB', 1, 'k', '${batchId}', ${now})`,
      )
    }
    await tx.raw(batch(batchId))
    const fresh = {
      id: randomUUID(),
      operation_id: randomUUID(),
      consent_id: randomUUID(),
      invoice_id: randomUUID(),
      points_hold_id: holds[0],
      fund_hold_id: holds[1],
    }
    await tx('payments').insert({ ...source, ...fresh, ...(sameAs ? { [sameAs]: source[sameAs] } : {}) })
  }

  test('lets a second payment be born, so that what is refused below is refused for its fault', async () => {
    expect(await refusalOf(world.db, bornAgain())).toBe('it was allowed')
  })

  test.each([
    ['a second open payment for one invoice', 'invoice_id'],
    ['an operation id that is used again', 'operation_id'],
    ['a consent that is used again', 'consent_id'],
    ['a hold of another payment', 'points_hold_id'],
  ])('refuses %s', async (_what, column) => {
    expect(await refusalOf(world.db, bornAgain(column))).toMatch(/unique/i)
  })
})
