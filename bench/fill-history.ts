import { Client } from 'pg'

/** How much has happened before anybody measures. */
export interface History {
  /** Ledger entries altogether; six of ten tell of points earned, four of payments. */
  readonly entries: number
  /** The member whose statement is read: one accrual in forty-one is theirs, so it is as long as statements get. */
  readonly readerId: string
}

const id = (kind: string, number: string): string => `'00000000-0000-7000-${kind}-' || lpad(to_hex(${number}), 12, '0')`
const ACCRUAL = id('8001', 'i')
const PAYMENT = id('8002', 'i')
const POINTS = id('8003', 'i')
const ROUBLES = id('8004', 'i')
const BATCH = (offset: number): string => id('8005', `${offset} + i / 10`)
const CHECKOUT = id('8006', 'i')
const HOLD_POINTS = id('8007', 'i')
const HOLD_FUND = id('8008', 'i')
const MEMBER = (number: string): string => `'member:' || ${id('8009', number)}`
const AT = `timestamptz '2025-01-01' + i * interval '1 second'`

/** Points enough for all payments of a member, and the fund's roubles come from a deposit that was made before. */
const [EARNED, PAID] = [1_000, 100]

/**
 * Writes years of history set by set, in a few statements per table, with the guards of the tables off: ten million entries in minutes. The rows are what the product
 * would have written, with running balances and totals that agree; only the seals and digests are left out, which nothing measured here reads.
 */
export async function fillHistory(url: string, { entries, readerId }: History): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    for (const setting of [
      'session_replication_role = replica',
      "work_mem = '512MB'",
      "maintenance_work_mem = '1GB'",
      'synchronous_commit = off',
    ])
      await client.query(`set ${setting}`)
    const indexes = await dropIndexes(client)
    for (const statement of statements(entries / 10, readerId)) await client.query(statement)
    for (const statement of indexes) await client.query(statement)
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

/** Indexes are made faster when the rows are there. Those behind a primary key or a unique rule stay. */
async function dropIndexes(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; definition: string }>(
    `select indexname as name, indexdef as definition from pg_indexes where schemaname = 'public' and indexname not in (select conname from pg_constraint)
       and (tablename like 'ledger%' or tablename in ('payments', 'payment_events', 'exchanges', 'outbox'))`,
  )
  for (const { name } of rows) await client.query(`drop index ${name}`)
  return rows.map(({ definition }) => definition)
}

const payments = (unit: number): string => `generate_series(1, ${unit}) as i`
const accruals = (unit: number): string => `generate_series(1, ${3 * unit}) as i`

/** @param unit a tenth of the entries: so many payments, and three times as many accruals */
function statements(unit: number, readerId: string): string[] {
  const members = Math.max(2, Math.round(unit / 10))
  const memberOf = (number: string): string => MEMBER(`1 + ${number} % ${members}`)
  const earner = `case when i % 41 = 0 then 'member:${readerId}' else ${memberOf('i')} end`
  return [
    `insert into ledger_accounts (id, unit, min_available, created_at) select ${MEMBER('i')}, 'PTS', 0, ${AT} from generate_series(1, ${members}) as i`,
    ...booksOf(unit, earner, memberOf('i')),
    ...paymentsOf(unit, memberOf('i')),
  ]
}

function booksOf(unit: number, earner: string, payer: string): string[] {
  const move = (account: string, amount: number, transfer: string, turn: number): string =>
    `select ${turn} as turn, i, ${account} as account, ${amount}::bigint as amount, ${transfer} as transfer from `
  const instruction = (key: string, offset: number, from: string): string =>
    `insert into ledger_instructions (key, fingerprint, answer, batch_id) select ${key} || i, repeat('0', 64), 'done', ${BATCH(offset)} from ${from}`
  const transfer = (
    transferId: string,
    kind: string,
    in_: string,
    amount: number,
    reference: string,
    key: string,
    offset: number,
    from: string,
  ): string =>
    `insert into ledger_transfers (id, kind, unit, amount, reference, instruction_key, batch_id, event_at, created_at)
       select ${transferId}, '${kind}', '${in_}', ${amount}, ${reference}, ${key} || i, ${BATCH(offset)}, ${AT}, ${AT} from ${from}`
  const [held, posted] = [unit, 2 * unit]
  return [
    `insert into ledger_batches (id, digest, created_at) select ${id('8005', 'i')}, repeat('0', 64), ${AT} from generate_series(0, ${3 * unit}) as i`,
    instruction(`'fill:'`, 0, accruals(unit)),
    instruction(`'fill-hold:'`, held, payments(unit)),
    instruction(`'fill-post:'`, posted, payments(unit)),
    transfer(ACCRUAL, 'accrual', 'PTS', EARNED, 'null', `'fill:'`, 0, accruals(unit)),
    transfer(POINTS, 'redemption', 'PTS', PAID, PAYMENT, `'fill-post:'`, posted, payments(unit)),
    transfer(ROUBLES, 'fund_payment', 'RUB', PAID, PAYMENT, `'fill-post:'`, posted, payments(unit)),
    `insert into ledger_entries (account_id, number, transfer_id, amount, balance_after)
       select m.account, a.entry_count + row_number() over w, m.transfer, m.amount, a.balance + sum(m.amount) over w from (
         ${move(`'program'`, -EARNED, ACCRUAL, 1)} ${accruals(unit)} union all ${move(earner, EARNED, ACCRUAL, 1)} ${accruals(unit)}
         union all ${move(payer, -PAID, POINTS, 2)} ${payments(unit)} union all ${move(`'redeemed'`, PAID, POINTS, 2)} ${payments(unit)}
         union all ${move(`'fund'`, -PAID, ROUBLES, 2)} ${payments(unit)} union all ${move(`'paid'`, PAID, ROUBLES, 2)} ${payments(unit)}
       ) m join ledger_accounts a on a.id = m.account window w as (partition by m.account order by m.turn, m.i)`,
    `update ledger_accounts a set balance = e.balance, entry_count = e.count
       from (select account_id, sum(amount) as balance, count(*) as count from ledger_entries group by account_id) e where e.account_id = a.id`,
  ]
}

function paymentsOf(unit: number, payer: string): string[] {
  const hold = (holdId: string, account: string, to: string, in_: string): string =>
    `insert into ledger_holds (id, account_id, to_account_id, unit, amount, reference, instruction_key, batch_id, created_at)
       select ${holdId}, ${account}, '${to}', '${in_}', ${PAID}, ${PAYMENT}, 'fill-hold:' || i, ${BATCH(unit)}, ${AT} from ${payments(unit)}`
  const resolution = (holdId: string, transferId: string): string =>
    `insert into ledger_resolutions (hold_id, kind, transfer_id, instruction_key, batch_id, created_at)
       select ${holdId}, 'posted', ${transferId}, 'fill-post:' || i, ${BATCH(2 * unit)}, ${AT} from ${payments(unit)}`
  return [
    hold(HOLD_POINTS, payer, 'redeemed', 'PTS'),
    hold(HOLD_FUND, `'fund'`, 'paid', 'RUB'),
    resolution(HOLD_POINTS, POINTS),
    resolution(HOLD_FUND, ROUBLES),
    `insert into checkouts (id, invoice_id, member_id, number, description, amount, currency, status, expires_at, payment_url, read_at, created_at)
       select ${CHECKOUT}, ${CHECKOUT}, substr(${payer}, 8), 'FILL-' || i, 'An order of the past', ${PAID}, 'RUB', 'pending', ${AT}, 'http://127.0.0.1:9/order', ${AT}, ${AT}
       from ${payments(unit)}`,
    `insert into payments (id, checkout_id, consent_id, consented_at, invoice_id, invoice_number, member_id, operation_id, state, points, amount, currency, points_hold_id,
         fund_hold_id, attempts, lease_token, next_attempt_at, transaction_id, created_at, settled_at, checked_at)
       select ${PAYMENT}, ${CHECKOUT}, ${PAYMENT}, ${AT}, ${CHECKOUT}, 'FILL-' || i, substr(${payer}, 8), ${PAYMENT}, 'captured', ${PAID}, ${PAID}, 'RUB', ${HOLD_POINTS},
         ${HOLD_FUND}, 1, 2, ${AT}, ${PAYMENT}, ${AT}, ${AT}, ${AT} from ${payments(unit)}`,
    `insert into payment_events (id, payment_id, from_state, to_state, actor, at)
       select ${id('800a', 'i')}, ${PAYMENT}, 'confirming', 'captured', 'system:gateway', ${AT} from ${payments(unit)}`,
    `insert into outbox (id, payment_id, topic, body, created_at) select ${id('800b', 'i')}, ${PAYMENT}, 'payment.captured', '{}', ${AT} from ${payments(unit)}`,
    `insert into exchanges (id, payment_id, operation, method, path, started_at, duration_ms, status, request, response, outcome, transaction_id)
       select ${id('800c', 'i')}, ${PAYMENT}, 'business.confirm', 'POST', '/confirm', ${AT}, 1, 200, '{}', '{}', 'accepted', ${PAYMENT} from ${payments(unit)}`,
  ]
}
