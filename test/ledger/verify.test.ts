import { randomUUID } from 'node:crypto'
import { LEDGER_RULES, verifyLedger } from '../../src/ledger'
import type { Finding } from '../../src/ledger'
import { digestBatch, sealHash } from '../../src/ledger/digest'
import { PAYMENT_RULES, verifyPayments } from '../../src/payments'
import { bound } from '../../src/shared/database'
import type { Db, Tx } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { disarm, undone, withoutKeys } from './intruder'

type Row = Record<string, unknown>

interface Corruption {
  readonly what: string
  /** The rules that must speak, each with the invariant that it proves. */
  readonly breaks: Readonly<Record<string, number>>
  readonly plant: (tx: Tx) => Promise<unknown>
}

const raw = (sql: string) => (tx: Tx) => tx.raw(sql)
const hash = (letter: string): string => letter.repeat(64)
const now = new Date().toISOString()

/** The newest entry of the fund, which every payment has. */
const NEWEST = `account_id = 'fund' and number = (select entry_count from ledger_accounts where id = 'fund')`
const MEMBER = `(select id from ledger_accounts where id like 'member:%' order by entry_count desc limit 1)`
const POSTED = `(select hold_id from ledger_resolutions where kind = 'posted' order by hold_id limit 1)`
const OPEN = `(select id from ledger_holds where id not in (select hold_id from ledger_resolutions) order by id limit 1)`
const IN_STATE = (state: string): string => `(select id from payments where state = '${state}' order by id limit 1)`

async function firstOf(tx: Tx, sql: string): Promise<Row> {
  const [row] = await tx.select<Row[]>('*').from(tx.raw(`(${sql}) as found`))
  if (!row) throw new Error(`The world has nothing for: ${sql}`)
  return row
}

/** A seal in the middle of the chain, with its batch. */
const MIDDLE = `select s.number, s.batch_id, s.previous_hash from ledger_seals s where s.number = 3`

const LEDGER_CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'the amount of an entry is changed',
    breaks: { 'unbalanced-transfer': 1, 'balance-not-entries': 2, 'broken-running-balance': 2, 'posted-differently': 6, 'rows-changed': 13 },
    plant: raw(`update ledger_entries set amount = amount - 1 where ${NEWEST}`),
  },
  {
    what: 'the amount of a transfer is changed',
    breaks: { 'unbalanced-transfer': 1, 'rows-changed': 13 },
    plant: raw(`update ledger_transfers set amount = amount + 1 where kind = 'redemption'`),
  },
  { what: 'the unit of a transfer is changed', breaks: { 'unbalanced-transfer': 1, 'rows-changed': 13 }, plant: raw(`update ledger_transfers set unit = 'USD' where kind = 'redemption'`) },
  {
    what: 'a balance is raised',
    breaks: { 'unit-not-zero': 1, 'balance-not-entries': 2 },
    plant: raw(`update ledger_accounts set balance = balance + 100 where id = ${MEMBER}`),
  },
  {
    what: 'a balance is taken below zero',
    breaks: { 'unit-not-zero': 1, 'balance-not-entries': 2, overdrawn: 3 },
    plant: raw(`update ledger_accounts set balance = -1 where id = ${MEMBER}`),
  },
  { what: 'a member is allowed to be overdrawn', breaks: { overdrawn: 3 }, plant: raw(`update ledger_accounts set min_available = null where id = ${MEMBER}`) },
  { what: 'what is held is lowered', breaks: { 'held-not-holds': 4 }, plant: raw(`update ledger_accounts set held = held - 1 where held > 0 and id = 'fund'`) },
  { what: 'something is held without a hold', breaks: { 'held-not-holds': 4 }, plant: raw(`update ledger_accounts set held = held + 1 where id = ${MEMBER}`) },
  {
    what: 'value is moved by two entries that belong to no transfer, and both balances follow',
    breaks: { 'rows-without-batch': 13 },
    plant: async (tx) => {
      const ghost = randomUUID()
      for (const [account, amount] of [['program', '-500'], [MEMBER, '500']] as const) {
        const id = account === 'program' ? `'program'` : account
        await tx.raw(`insert into ledger_entries (account_id, number, transfer_id, amount, balance_after)
          select id, entry_count + 1, '${ghost}', ${amount}, balance + ${amount} from ledger_accounts where id = ${id}`)
        await tx.raw(`update ledger_accounts set balance = balance + ${amount}, entry_count = entry_count + 1 where id = ${id}`)
      }
    },
  },
  {
    what: 'an entry is deleted',
    breaks: { 'unbalanced-transfer': 1, 'balance-not-entries': 2, 'posted-differently': 6, 'rows-changed': 13 },
    plant: raw(`delete from ledger_entries where ${NEWEST}`),
  },
  {
    what: 'a transfer is deleted with its entries',
    breaks: { 'balance-not-entries': 2, 'posted-differently': 6, 'rows-changed': 13 },
    plant: async (tx) => {
      const { id } = await firstOf(tx, `select transfer_id as id from ledger_resolutions where hold_id = ${POSTED}`)
      await tx('ledger_entries').where({ transfer_id: id as string }).delete()
      await tx('ledger_transfers').where({ id: id as string }).delete()
    },
  },
  {
    what: 'a transfer is deleted and its entries stay',
    breaks: { 'rows-changed': 13, 'rows-without-batch': 13 },
    plant: raw(`delete from ledger_transfers where kind = 'fund_deposit'`),
  },
  {
    what: 'an open hold is deleted, and what is held follows',
    breaks: { 'rows-changed': 13, 'open-payment-without-holds': 4 },
    plant: async (tx) => {
      await tx.raw(`update ledger_accounts set held = held - (select amount from ledger_holds where id = ${OPEN}) where id = (select account_id from ledger_holds where id = ${OPEN})`)
      await tx.raw(`delete from ledger_holds where id = ${OPEN}`)
    },
  },
  { what: 'a resolved hold is deleted', breaks: { 'odd-resolution': 5, 'rows-changed': 13 }, plant: raw(`delete from ledger_holds where id = ${POSTED}`) },
  { what: 'the amount of a posted hold is changed', breaks: { 'posted-differently': 6, 'rows-changed': 13 }, plant: raw(`update ledger_holds set amount = amount + 1 where id = ${POSTED}`) },
  { what: 'a posted hold points to another account', breaks: { 'posted-differently': 6, 'rows-changed': 13 }, plant: raw(`update ledger_holds set to_account_id = 'suspense' where id = ${POSTED}`) },
  {
    what: 'a resolution is deleted',
    breaks: { 'held-not-holds': 4, 'rows-changed': 13, 'hold-without-payment': 4 },
    plant: raw(`delete from ledger_resolutions where hold_id = ${POSTED}`),
  },
  { what: 'a posted resolution is made a release', breaks: { 'odd-resolution': 5, 'rows-changed': 13 }, plant: raw(`update ledger_resolutions set kind = 'released' where hold_id = ${POSTED}`) },
  {
    what: 'a hold is resolved twice',
    breaks: { 'odd-resolution': 5 },
    plant: async (tx) => {
      await withoutKeys(tx, 'ledger_resolutions')
      await tx.raw(`insert into ledger_resolutions select * from ledger_resolutions where hold_id = ${POSTED}`)
    },
  },
  { what: 'an amount is no amount', breaks: { 'amount-not-possible': 22 }, plant: raw(`update ledger_transfers set amount = 0 where kind = 'redemption'`) },
  { what: 'an amount is larger than any', breaks: { 'amount-not-possible': 22 }, plant: raw(`update ledger_transfers set amount = 9007199254740992 where kind = 'redemption'`) },
  { what: 'the unit of a hold is unknown', breaks: { 'amount-not-possible': 22 }, plant: raw(`update ledger_holds set unit = 'XXX' where id = ${OPEN}`) },
  { what: 'the memo of a transfer is changed', breaks: { 'rows-changed': 13 }, plant: raw(`update ledger_transfers set memo = 'another' where kind = 'fund_deposit'`) },
  { what: 'the time of a transfer is changed', breaks: { 'rows-changed': 13 }, plant: raw(`update ledger_transfers set event_at = '2020-01-01T00:00:00.000Z' where kind = 'fund_deposit'`) },
  { what: 'an answer to an instruction is changed', breaks: { 'rows-changed': 13 }, plant: raw(`update ledger_instructions set answer = 'not_enough_available' where key like 'consent:%'`) },
  { what: 'an instruction is deleted', breaks: { 'rows-changed': 13 }, plant: raw(`delete from ledger_instructions where key like 'consent:%'`) },
  {
    what: 'a row is added to an old batch',
    breaks: { 'rows-changed': 13 },
    plant: raw(`insert into ledger_instructions (key, fingerprint, answer, batch_id) select 'late', '${hash('a')}', 'done', batch_id from ledger_seals where number = 2`),
  },
  {
    what: 'an entry is given another number',
    breaks: { 'balance-not-entries': 2, 'rows-changed': 13 },
    plant: raw(`update ledger_entries set number = number + 5 where ${NEWEST}`),
  },
  {
    what: 'two entries of an account change places',
    breaks: { 'broken-running-balance': 2, 'rows-changed': 13 },
    plant: async (tx) => {
      for (const [from, to] of [[1, 999], [2, 1], [999, 2]]) await tx.raw(`update ledger_entries set number = ${String(to)} where account_id = 'fund' and number = ${String(from)}`)
    },
  },
  {
    what: 'a batch is deleted',
    breaks: { 'rows-without-batch': 13, 'chain-broken': 13 },
    plant: async (tx) => {
      const { batch_id } = await firstOf(tx, MIDDLE)
      await tx('ledger_batches').where({ id: batch_id as string }).delete()
    },
  },
  { what: 'a seal in the middle is deleted', breaks: { 'seal-lost': 13, 'chain-broken': 13 }, plant: raw(`delete from ledger_seals where number = 3`) },
  { what: 'the newest seal is deleted', breaks: { 'seal-lost': 13 }, plant: raw(`delete from ledger_seals where number = (select max(number) from ledger_seals)`) },
  { what: 'a seal is forged', breaks: { 'chain-broken': 13 }, plant: raw(`update ledger_seals set hash = '${hash('b')}' where number = 3`) },
  {
    what: 'a memo, the digest of its batch and its seal are changed to agree',
    breaks: { 'chain-broken': 13 },
    plant: async (tx) => {
      const seal = (await firstOf(tx, MIDDLE)) as { batch_id: string; previous_hash: string; number: bigint }
      await tx('ledger_instructions').where({ batch_id: seal.batch_id }).update({ detail: 'forged' })
      const digest = await digestOf(tx, seal.batch_id)
      await tx('ledger_batches').where({ id: seal.batch_id }).update({ digest })
      await tx('ledger_seals').where({ number: bound(seal.number) }).update({ hash: sealHash(seal.previous_hash, seal.batch_id, digest) })
    },
  },
]

async function digestOf(tx: Tx, batchId: string): Promise<string> {
  const rowsOf = async (table: string): Promise<Row[]> => (await tx(table).where({ batch_id: batchId })) as Row[]
  const entries = await tx('ledger_entries as e').join('ledger_transfers as t', 't.id', 'e.transfer_id').where('t.batch_id', batchId).select<Row[]>('e.*')
  return digestBatch({
    ledger_instructions: await rowsOf('ledger_instructions'),
    ledger_holds: await rowsOf('ledger_holds'),
    ledger_transfers: await rowsOf('ledger_transfers'),
    ledger_entries: entries,
    ledger_resolutions: await rowsOf('ledger_resolutions'),
  })
}

const addEvent = (state: string, from: string | null, to: string) => (tx: Tx) =>
  tx.raw(`insert into payment_events (id, payment_id, from_state, to_state, actor, at) select '${randomUUID()}', id, ${from ? `'${from}'` : 'null'}, '${to}', 'x', '${now}' from payments where id = ${IN_STATE(state)}`)

const PAYMENT_CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'a payment becomes captured without proof',
    breaks: { 'captured-not-posted': 7, 'capture-not-proved': 7, 'hold-without-payment': 4, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'captured', transaction_id = '${randomUUID()}' where state = 'confirming'`),
  },
  { what: 'the transaction id of a capture is changed', breaks: { 'capture-not-proved': 7 }, plant: raw(`update payments set transaction_id = '${randomUUID()}' where state = 'captured'`) },
  { what: 'the transaction id of a capture is erased', breaks: { 'captured-not-posted': 7 }, plant: raw(`update payments set transaction_id = null where state = 'captured'`) },
  { what: 'the stored answer that proves a capture is deleted', breaks: { 'capture-not-proved': 7 }, plant: raw(`delete from exchanges where payment_id = ${IN_STATE('captured')}`) },
  {
    what: 'a payment becomes voided without proof',
    breaks: { 'void-not-proved': 8, 'hold-without-payment': 4, 'history-not-ending-in-state': 12 },
    plant: raw(`update payments set state = 'voided', rejection_code = 'made_up' where state = 'confirming'`),
  },
  { what: 'the stored answers that prove a void are deleted', breaks: { 'void-not-proved': 8 }, plant: raw(`delete from exchanges where payment_id = ${IN_STATE('voided')}`) },
  { what: 'the refusal of a void is erased', breaks: { 'void-not-proved': 8 }, plant: raw(`update payments set rejection_code = null where state = 'voided'`) },
  {
    what: 'the holds of an open payment are released behind its back',
    breaks: { 'open-payment-without-holds': 4 },
    plant: (tx) =>
      tx.raw(`insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at)
        select p.points_hold_id, 'released', h.instruction_key, h.batch_id, h.created_at from payments p join ledger_holds h on h.id = p.points_hold_id where p.state = 'confirming'`),
  },
  { what: 'an open payment names holds that do not exist', breaks: { 'open-payment-without-holds': 4 }, plant: raw(`update payments set points_hold_id = '${randomUUID()}' where state = 'confirming'`) },
  {
    what: 'a hold stands without a payment',
    breaks: { 'hold-without-payment': 4 },
    plant: (tx) =>
      tx.raw(`insert into ledger_holds (id, account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at)
        select '${randomUUID()}', account_id, to_account_id, unit, amount, instruction_key, batch_id, created_at from ledger_holds where id = ${OPEN}`),
  },
  { what: 'more points are noted than were held', breaks: { 'held-not-consented': 6 }, plant: raw(`update payments set points = points + 1 where state = 'captured'`) },
  { what: 'another amount is noted than was held', breaks: { 'held-not-consented': 6 }, plant: raw(`update payments set amount = amount - 1 where state = 'voided'`) },
  { what: 'a payment is written to another member', breaks: { 'held-not-consented': 6 }, plant: raw(`update payments set member_id = '${randomUUID()}' where state = 'captured'`) },
  { what: 'the last step of a history is deleted', breaks: { 'history-not-ending-in-state': 12 }, plant: raw(`delete from payment_events where to_state = 'captured'`) },
  { what: 'a history is deleted', breaks: { 'history-not-ending-in-state': 12 }, plant: raw(`delete from payment_events where payment_id = ${IN_STATE('confirming')}`) },
  { what: 'a payment goes back', breaks: { 'step-not-allowed': 12, 'history-not-ending-in-state': 12, 'event-missing': 19 }, plant: addEvent('captured', 'captured', 'confirming') },
  { what: 'a payment is born captured', breaks: { 'step-not-allowed': 12 }, plant: addEvent('captured', null, 'captured') },
  { what: 'a voided payment is captured', breaks: { 'step-not-allowed': 12, 'event-missing': 19 }, plant: addEvent('voided', 'voided', 'captured') },
  { what: 'the alert of a review is closed', breaks: { 'review-without-alert': 17 }, plant: raw(`update alerts set closed_at = opened_at where kind = 'payment_in_review'`) },
  { what: 'the alert of a review is deleted', breaks: { 'review-without-alert': 17 }, plant: raw(`delete from alerts where kind = 'payment_in_review'`) },
  { what: 'a promised event is deleted', breaks: { 'event-missing': 19 }, plant: raw(`delete from outbox where topic = 'payment.captured'`) },
]

const CORRUPTIONS = [...LEDGER_CORRUPTIONS, ...PAYMENT_CORRUPTIONS]

describe.each(ENGINES)('ledger verify on %s', (engine) => {
  let world: World
  const verify = async (db: Db): Promise<Finding[]> => [...(await verifyLedger(db)), ...(await verifyPayments(db))]

  beforeAll(async () => {
    world = await World.make({ engine })
    await bringAboutEveryState(world)
  })
  afterAll(() => world.close())

  test('finds nothing in books that nobody touched', async () => {
    expect(await world.findings()).toEqual([])
    expect((await world.payments()).map((payment) => payment.state).sort()).toEqual(['captured', 'confirming', 'review', 'voided'])
  })

  test('finds nothing after the guards alone were taken away', async () => {
    expect(
      await undone(world.db, async (tx) => {
        await disarm(tx)
        return verify(tx)
      }),
    ).toEqual([])
  })

  test.each(CORRUPTIONS.map((corruption) => [corruption.what, corruption] as const))('finds it when %s', async (_what, { breaks, plant }) => {
    const findings = await undone(world.db, async (tx) => {
      await disarm(tx)
      await plant(tx)
      return verify(tx)
    })
    const spoken = Object.fromEntries(findings.map((finding) => [finding.rule, finding.invariant]))
    expect(spoken).toMatchObject(breaks)
    for (const { text } of findings) expect(text).toMatch(/^\S.*\.$/)
  })

  if (engine === 'sqlite')
    test('tells what it finds although cells hold what is neither a number nor a moment', async () => {
      const findings = await undone(world.db, async (tx) => {
        await disarm(tx)
        await tx.raw(`update ledger_holds set amount = 1.5, created_at = 'yesterday' where id = ${POSTED}`)
        return verify(tx)
      })
      expect(findings.map((finding) => finding.rule)).toEqual(expect.arrayContaining(['posted-differently', 'rows-changed']))
    })

  test('after every corruption was taken back, the books are right again', async () => {
    expect(await world.findings()).toEqual([])
  })
})

test('every rule of both lists is broken by at least one corruption', () => {
  const broken = new Set(CORRUPTIONS.flatMap((corruption) => Object.keys(corruption.breaks)))
  expect([...broken].sort()).toEqual([...LEDGER_RULES, ...PAYMENT_RULES].sort())
})

/** One payment of each kind that the product brings about today, and some history before them. */
async function bringAboutEveryState(world: World): Promise<void> {
  await world.deposit('10.00')
  const buyer = await world.member({ points: '1000.00' })
  await buyer.pays(await world.sandbox.invoice({ amount: '100.00' }))
  for (const fault of [
    { on: 'business.confirm', kind: 'status', status: 422, times: 1 },
    { on: 'business.confirm', kind: 'status', status: 422, after: true, times: 1 },
    { on: 'business.confirm', kind: 'lose-answer', times: 1 },
  ]) {
    await world.sandbox.misbehave(fault)
    await buyer.pays(await world.sandbox.invoice({ amount: '50.00' }))
  }
  await world.parts.ledger.idle()
}
