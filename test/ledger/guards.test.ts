import { randomUUID } from 'node:crypto'
import { ACCOUNTS, transfer, verifyLedger } from '../../src/ledger'
import { money } from '../../src/shared/money'
import type { Tx } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import { batchWith, entryRow, holdRow, inNewBatch, MEMBER, now, transferRow, twiceInABatch } from './guard-rows'
import { refusalOf, undone } from './intruder'
import { holdLine, instruction, makeBooks } from './books'
import type { Books } from './books'

/** What stands in every ledger table after a few movements, and what to try on each. */
const TABLES = {
  ledger_instructions: 'answer',
  ledger_transfers: 'memo',
  ledger_entries: 'amount',
  ledger_holds: 'reference',
  ledger_resolutions: 'instruction_key',
  ledger_batches: 'digest',
  ledger_seals: 'hash',
} as const

const RESOLVED = `(select min(hold_id) from ledger_resolutions)`
const OPEN = `(select min(id) from ledger_holds where id not in (select hold_id from ledger_resolutions))`
const CLOSED = `(select min(batch_id) from ledger_seals)`

/** How `holdRow` names its two accounts. */
const ACCOUNT_OF = { account_id: MEMBER, to_account_id: `'redeemed'` } as const

const run =
  (...statements: string[]) =>
  async (tx: Tx): Promise<void> => {
    for (const sql of statements) await tx.raw(sql)
  }

const REFUSED: readonly (readonly [string, RegExp, (tx: Tx) => Promise<void>])[] = [
  ['an overdraft of a member', /not_overdrawn/, run(`update ledger_accounts set balance = -1, held = 0 where id = ${MEMBER}`)],
  ['an overdraft of the fund', /not_overdrawn/, run(`update ledger_accounts set balance = -1 where id = 'fund'`)],
  ['holding more than there is', /not_overdrawn/, run(`update ledger_accounts set held = balance + 1 where id = ${MEMBER}`)],
  ['a limit above what is there', /not_overdrawn/, run(`update ledger_accounts set min_available = 1000000000 where id = ${MEMBER}`)],
  ['holding less than nothing', /held_positive/, run(`update ledger_accounts set held = -1 where id = ${MEMBER}`)],
  ['a balance beyond any sum', /accounts_range/, run(`update ledger_accounts set balance = 9000000000000000001 where id = 'program'`)],
  ['deleting an account', /never deleted|name and unit/, run(`delete from ledger_accounts where id = 'suspense'`)],
  ['another unit of an account', /keeps its name and unit/, run(`update ledger_accounts set unit = 'USD' where id = 'suspense'`)],
  ['another name of an account', /keeps its name and unit/, run(`update ledger_accounts set id = 'other' where id = 'suspense'`)],

  [
    'a transfer whose entries do not sum to zero',
    /unbalanced/,
    batchWith((id) => [entryRow(id, `'program'`, '-100'), entryRow(id, `'redeemed'`, '99')]),
  ],
  ['a transfer of one leg', /unbalanced/, batchWith((id) => [entryRow(id, `'redeemed'`, '100')])],
  ['a transfer without entries', /unbalanced/, batchWith(() => [])],
  [
    'a transfer that says another amount than its entries',
    /unbalanced/,
    batchWith((id) => [entryRow(id, `'program'`, '-100'), entryRow(id, `'redeemed'`, '100')], '101'),
  ],
  ['a transfer between units', /unbalanced/, batchWith((id) => [entryRow(id, `'bank'`, '-100'), entryRow(id, `'redeemed'`, '100')])],
  [
    'a transfer in a unit that its accounts are not kept in',
    /unbalanced/,
    batchWith((id) => [entryRow(id, `'program'`, '-100'), entryRow(id, `'redeemed'`, '100')], '100', 'RUB'),
  ],
  [
    'an entry with another balance after it',
    /broken running/,
    batchWith((id) => [entryRow(id, `'program'`, '-100', 'balance'), entryRow(id, `'redeemed'`, '100')]),
  ],
  [
    'an entry that leaves a number out',
    /broken running/,
    batchWith((id) => [entryRow(id, `'program'`, '-100', 'balance - 100', 'entry_count + 2'), entryRow(id, `'redeemed'`, '100')]),
  ],
  [
    'an entry with a number that is taken',
    /unique/i,
    batchWith((id) => [entryRow(id, `'program'`, '-100', 'balance - 100', 'entry_count'), entryRow(id, `'redeemed'`, '100')]),
  ],
  ['a running balance that does not go on from the entry before it in the batch', /broken running/, twiceInABatch({ off: '1' })],
  ['a second transfer of the batch in another unit than the accounts', /unbalanced/, twiceInABatch({ unit: 'RUB' })],
  ['an entry of nothing', /entries_amount/, batchWith((id) => [entryRow(id, `'program'`, '0'), entryRow(id, `'redeemed'`, '0')])],
  ['a transfer of nothing', /transfers_amount/, inNewBatch((id) => transferRow(randomUUID(), id, '0'))],
  ['a transfer of less than nothing', /transfers_amount/, inNewBatch((id) => transferRow(randomUUID(), id, '-1'))],
  ['a transfer of more than any amount', /transfers_amount/, inNewBatch((id) => transferRow(randomUUID(), id, '9007199254740992'))],
  ['a hold of nothing', /holds_amount/, inNewBatch((id) => holdRow('0', id))],
  ['a hold of less than nothing', /holds_amount/, inNewBatch((id) => holdRow('-1', id))],
  ['a hold of more than any amount', /holds_amount/, inNewBatch((id) => holdRow('9007199254740992', id))],

  [
    'an instruction that joins a closed batch',
    /batch is closed/,
    run(`insert into ledger_instructions (key, fingerprint, answer, batch_id) values ('late', 'f', 'done', ${CLOSED})`),
  ],
  ['a transfer that joins a closed batch', /batch is closed/, run(transferRow(randomUUID(), CLOSED, '1'))],
  [
    'an entry that joins a closed batch',
    /batch is closed/,
    run(entryRow(`(select min(id) from ledger_transfers where batch_id = ${CLOSED})`, `'program'`, '1')),
  ],
  ['a hold that joins a closed batch', /batch is closed/, run(holdRow('1', CLOSED))],
  [
    'a resolution that joins a closed batch',
    /batch is closed/,
    run(
      `insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at) values (${OPEN}, 'released', 'k', ${CLOSED}, ${now})`,
    ),
  ],
  ['a hold of a batch that is never closed', /foreign key/i, run(holdRow('1', `'${randomUUID()}'`))],
  [
    'a hold of a batch that is never closed, and no trace of it',
    /foreign key|not sealed/i,
    run(holdRow('1', `'open'`), `delete from ledger_unsealed where batch_id = 'open'`),
  ],
  ['a transfer of a batch that is never closed', /foreign key/i, run(transferRow(randomUUID(), `'${randomUUID()}'`, '1'))],
  [
    'an instruction of a batch that is never closed',
    /foreign key/i,
    run(`insert into ledger_instructions (key, fingerprint, answer, batch_id) values ('open', 'f', 'done', '${randomUUID()}')`),
  ],
  [
    'a resolution of a batch that is never closed',
    /foreign key/i,
    run(
      `insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at) values (${OPEN}, 'released', 'k', '${randomUUID()}', ${now})`,
    ),
  ],
  ...(['account_id', 'to_account_id'] as const).map(
    (column) =>
      [
        `a hold whose ${column} does not exist`,
        /foreign key/i,
        inNewBatch((id) => holdRow('1', id).replace(ACCOUNT_OF[column], `'nobody'`)),
      ] as const,
  ),
  [
    'a posted hold whose transfer does not exist',
    /foreign key/i,
    inNewBatch(
      (id) =>
        `insert into ledger_resolutions (hold_id, kind, transfer_id, instruction_key, batch_id, created_at) values (${OPEN}, 'posted', '${randomUUID()}', 'k', ${id}, ${now})`,
    ),
  ],

  ...(['posted', 'released'] as const).map(
    (kind) =>
      [
        `a resolved hold that is ${kind} once more`,
        /unique/i,
        inNewBatch(
          (id) => `insert into ledger_resolutions (hold_id, kind, transfer_id, instruction_key, batch_id, created_at)
            values (${RESOLVED}, '${kind}', ${kind === 'posted' ? '(select min(id) from ledger_transfers)' : 'null'}, 'k', ${id}, ${now})`,
        ),
      ] as const,
  ),
  [
    'a release that moves something',
    /resolutions_kind/,
    inNewBatch(
      (id) => `insert into ledger_resolutions (hold_id, kind, transfer_id, instruction_key, batch_id, created_at)
        values (${OPEN}, 'released', (select min(id) from ledger_transfers), 'k', ${id}, ${now})`,
    ),
  ],
  [
    'a hold that is posted without a transfer',
    /resolutions_kind/,
    inNewBatch(
      (id) =>
        `insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at) values (${OPEN}, 'posted', 'k', ${id}, ${now})`,
    ),
  ],
  [
    'a resolution of no hold',
    /foreign key/i,
    inNewBatch(
      (id) =>
        `insert into ledger_resolutions (hold_id, kind, instruction_key, batch_id, created_at) values ('${randomUUID()}', 'released', 'k', ${id}, ${now})`,
    ),
  ],
  [
    'a key that is used again',
    /unique/i,
    inNewBatch(
      (id) =>
        `insert into ledger_instructions (key, fingerprint, answer, batch_id) select min(key), 'f', 'done', ${id} from ledger_instructions`,
    ),
  ],
  [
    'a batch that is sealed twice',
    /unique/i,
    run(`insert into ledger_seals (number, batch_id, previous_hash, hash, sealed_at) values (1000, ${CLOSED}, 'p', 'h', ${now})`),
  ],
]

const SQLITE_ALONE: readonly (readonly [string, RegExp, (tx: Tx) => Promise<void>])[] = [
  ['half of a minor unit', /accounts_whole/, run(`update ledger_accounts set balance = 0.5 where id = 'program'`)],
  ['a word for an amount', /holds_amount/, inNewBatch((id) => holdRow(`'much'`, id))],
  [
    'an entry of a broken number',
    /entries_amount/,
    batchWith((id) => [entryRow(id, `'program'`, '-0.5'), entryRow(id, `'redeemed'`, '0.5')]),
  ],
  [
    'a row that replaces another',
    /never changed/,
    run(`insert or replace into ledger_seals select number, batch_id, previous_hash, 'x', sealed_at from ledger_seals where number = 1`),
  ],
]

describe.each(ENGINES)('the database itself, by raw SQL past our code, on %s', (engine) => {
  let books: Books

  beforeAll(async () => {
    books = await makeBooks(engine)
    const anna = await books.open(10_000n)
    const [posted, released] = [holdLine(anna, 100n), holdLine(anna, 200n)]
    await books.ledger.submit(
      instruction(
        transfer({ kind: 'fund_deposit', from: ACCOUNTS.bank, to: ACCOUNTS.fund, amount: money(5_000n, 'RUB'), memo: 'a deposit' }),
      ),
    )
    await books.ledger.submit({ ...instruction(posted, released, holdLine(anna, 300n)), reference: 'a payment' })
    await books.ledger.submit(instruction({ do: 'post', kind: 'redemption', holdId: posted.holdId, account: anna, to: ACCOUNTS.redeemed }))
    await books.ledger.submit(instruction({ do: 'release', holdId: released.holdId, account: anna, to: ACCOUNTS.redeemed }))
    await books.ledger.idle()
  })
  afterAll(async () => {
    expect(await verifyLedger(books.db)).toEqual([])
    await books.close()
  })

  test('lets a right batch pass, so that what is refused below is refused for its fault', async () => {
    expect(
      await refusalOf(
        books.db,
        batchWith((id) => [entryRow(id, `'program'`, '-100'), entryRow(id, `'redeemed'`, '100')]),
      ),
    ).toBe('it was allowed')
    expect(
      await refusalOf(
        books.db,
        inNewBatch((id) => holdRow('9007199254740991', id)),
      ),
    ).toBe('it was allowed')
  })

  test.each([...REFUSED, ...(engine === 'sqlite' ? SQLITE_ALONE : [])])('refuses %s', async (_what, message, attempt) => {
    expect(await refusalOf(books.db, attempt)).toMatch(message)
  })

  describe.each(Object.entries(TABLES))('%s', (table, column) => {
    test('has rows to try on', async () => {
      expect(await books.db(table).select(column).limit(1)).toHaveLength(1)
    })
    test('refuses an update, of one row and of all', async () => {
      expect(await refusalOf(books.db, (tx) => tx.raw(`update ${table} set ${column} = ${column}`))).toMatch(/never changed/)
      expect(await refusalOf(books.db, (tx) => tx.raw(`update ${table} set ${column} = null where ${column} is not null`))).toMatch(
        /never changed/,
      )
    })
    test('refuses a deletion', async () => {
      expect(await refusalOf(books.db, (tx) => tx.raw(`delete from ${table}`))).toMatch(/never changed/)
    })
    if (engine === 'postgres')
      test('refuses to be emptied', async () => {
        expect(await refusalOf(books.db, (tx) => tx.raw(`truncate ${table} cascade`))).toMatch(/never changed/)
      })
  })

  if (engine === 'postgres')
    test('finds what a batch wrote by index, however young the database is', async () => {
      const wholeReads = async (tx: Tx): Promise<unknown> =>
        tx('pg_stat_xact_user_tables').whereNot('relname', 'ledger_accounts').orderBy('relname').select('relname', 'seq_scan')
      const [before, after] = await undone(books.db, async (tx) => {
        const counted = await wholeReads(tx)
        await batchWith((id) => [entryRow(id, `'program'`, '-100'), entryRow(id, `'redeemed'`, '100')])(tx)
        return [counted, await wholeReads(tx)]
      })
      expect(after).toEqual(before)
    })

  if (engine === 'postgres')
    test('refuses to empty the accounts', async () => {
      expect(await refusalOf(books.db, (tx) => tx.raw('truncate ledger_accounts cascade'))).toMatch(/never changed/)
    })

  test('a balance that somebody changed is not built upon: the next movement of that account fails', async () => {
    const vera = await books.open(1_000n)
    await books.db('ledger_accounts').where({ id: vera }).update({ balance: 5_000 })
    await expect(
      books.ledger.submit(instruction(transfer({ kind: 'redemption', from: vera, to: ACCOUNTS.redeemed, amount: money(2_000n, 'PTS') }))),
    ).rejects.toMatchObject({ message: expect.stringMatching(/broken running balance/) as string })
    await books.db('ledger_accounts').where({ id: vera }).update({ balance: 1_000 })
  })
})
