import { randomUUID } from 'node:crypto'
import { digestBatch, sealHash } from '../../src/ledger/digest'
import { bound } from '../../src/shared/database'
import type { Tx } from '../../src/shared/database'
import { MEMBER, NEWEST, OPEN, POSTED, firstOf, hash, raw } from './corruption'
import type { Corruption, Row } from './corruption'
import { withoutKeys } from './intruder'

/** A seal in the middle of the chain, with its batch. */
const MIDDLE = `select s.number, s.batch_id, s.previous_hash from ledger_seals s where s.number = 3`

export const LEDGER_CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'the amount of an entry is changed',
    breaks: {
      'unbalanced-transfer': 1,
      'balance-not-entries': 2,
      'broken-running-balance': 2,
      'posted-differently': 6,
      'rows-changed': 13,
    },
    plant: raw(`update ledger_entries set amount = amount - 1 where ${NEWEST}`),
  },
  {
    what: 'the amount of a transfer is changed',
    breaks: { 'unbalanced-transfer': 1, 'rows-changed': 13 },
    plant: raw(`update ledger_transfers set amount = amount + 1 where kind = 'redemption'`),
  },
  {
    what: 'the unit of a transfer is changed',
    breaks: { 'unbalanced-transfer': 1, 'rows-changed': 13 },
    plant: raw(`update ledger_transfers set unit = 'USD' where kind = 'redemption'`),
  },
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
  {
    what: 'a member is allowed to be overdrawn',
    breaks: { overdrawn: 3 },
    plant: raw(`update ledger_accounts set min_available = null where id = ${MEMBER}`),
  },
  {
    what: 'what is held is lowered',
    breaks: { 'held-not-holds': 4 },
    plant: raw(`update ledger_accounts set held = held - 1 where held > 0 and id = 'fund'`),
  },
  {
    what: 'something is held without a hold',
    breaks: { 'held-not-holds': 4 },
    plant: raw(`update ledger_accounts set held = held + 1 where id = ${MEMBER}`),
  },
  {
    what: 'value is moved by two entries that belong to no transfer, and both balances follow',
    breaks: { 'rows-without-batch': 13 },
    plant: async (tx) => {
      const ghost = randomUUID()
      for (const [account, amount] of [
        ['program', '-500'],
        [MEMBER, '500'],
      ] as const) {
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
      await tx('ledger_entries')
        .where({ transfer_id: id as string })
        .delete()
      await tx('ledger_transfers')
        .where({ id: id as string })
        .delete()
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
      await tx.raw(
        `update ledger_accounts set held = held - (select amount from ledger_holds where id = ${OPEN}) where id = (select account_id from ledger_holds where id = ${OPEN})`,
      )
      await tx.raw(`delete from ledger_holds where id = ${OPEN}`)
    },
  },
  {
    what: 'a resolved hold is deleted',
    breaks: { 'odd-resolution': 5, 'rows-changed': 13 },
    plant: raw(`delete from ledger_holds where id = ${POSTED}`),
  },
  {
    what: 'the amount of a posted hold is changed',
    breaks: { 'posted-differently': 6, 'rows-changed': 13 },
    plant: raw(`update ledger_holds set amount = amount + 1 where id = ${POSTED}`),
  },
  {
    what: 'a posted hold points to another account',
    breaks: { 'posted-differently': 6, 'rows-changed': 13 },
    plant: raw(`update ledger_holds set to_account_id = 'suspense' where id = ${POSTED}`),
  },
  {
    what: 'a resolution is deleted',
    breaks: { 'held-not-holds': 4, 'rows-changed': 13, 'hold-without-payment': 4 },
    plant: raw(`delete from ledger_resolutions where hold_id = ${POSTED}`),
  },
  {
    what: 'a posted resolution is made a release',
    breaks: { 'odd-resolution': 5, 'rows-changed': 13 },
    plant: raw(`update ledger_resolutions set kind = 'released' where hold_id = ${POSTED}`),
  },
  {
    what: 'a hold is resolved twice',
    breaks: { 'odd-resolution': 5 },
    plant: async (tx) => {
      await withoutKeys(tx, 'ledger_resolutions')
      await tx.raw(`insert into ledger_resolutions select * from ledger_resolutions where hold_id = ${POSTED}`)
    },
  },
  {
    what: 'an amount is no amount',
    breaks: { 'amount-not-possible': 22 },
    plant: raw(`update ledger_transfers set amount = 0 where kind = 'redemption'`),
  },
  {
    what: 'an amount is larger than any',
    breaks: { 'amount-not-possible': 22 },
    plant: raw(`update ledger_transfers set amount = 9007199254740992 where kind = 'redemption'`),
  },
  {
    what: 'the unit of a hold is unknown',
    breaks: { 'amount-not-possible': 22 },
    plant: raw(`update ledger_holds set unit = 'XXX' where id = ${OPEN}`),
  },
  {
    what: 'the memo of a transfer is changed',
    breaks: { 'rows-changed': 13 },
    plant: raw(`update ledger_transfers set memo = 'another' where kind = 'fund_deposit'`),
  },
  {
    what: 'the time of a transfer is changed',
    breaks: { 'rows-changed': 13 },
    plant: raw(`update ledger_transfers set event_at = '2020-01-01T00:00:00.000Z' where kind = 'fund_deposit'`),
  },
  {
    what: 'an answer to an instruction is changed',
    breaks: { 'rows-changed': 13 },
    plant: raw(`update ledger_instructions set answer = 'not_enough_available' where key like 'consent:%'`),
  },
  {
    what: 'an instruction is deleted',
    breaks: { 'rows-changed': 13 },
    plant: raw(`delete from ledger_instructions where key like 'consent:%'`),
  },
  {
    what: 'a row is added to an old batch',
    breaks: { 'rows-changed': 13 },
    plant: raw(
      `insert into ledger_instructions (key, fingerprint, answer, batch_id) select 'late', '${hash('a')}', 'done', batch_id from ledger_seals where number = 2`,
    ),
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
      for (const [from, to] of [
        [1, 999],
        [2, 1],
        [999, 2],
      ])
        await tx.raw(`update ledger_entries set number = ${String(to)} where account_id = 'fund' and number = ${String(from)}`)
    },
  },
  {
    what: 'a batch is deleted',
    breaks: { 'rows-without-batch': 13, 'chain-broken': 13 },
    plant: async (tx) => {
      const { batch_id } = await firstOf(tx, MIDDLE)
      await tx('ledger_batches')
        .where({ id: batch_id as string })
        .delete()
    },
  },
  {
    what: 'a seal in the middle is deleted',
    breaks: { 'seal-lost': 13, 'chain-broken': 13 },
    plant: raw(`delete from ledger_seals where number = 3`),
  },
  {
    what: 'the newest seal is deleted',
    breaks: { 'seal-lost': 13 },
    plant: raw(`delete from ledger_seals where number = (select max(number) from ledger_seals)`),
  },
  {
    what: 'a seal is forged',
    breaks: { 'chain-broken': 13 },
    plant: raw(`update ledger_seals set hash = '${hash('b')}' where number = 3`),
  },
  {
    what: 'a memo, the digest of its batch and its seal are changed to agree',
    breaks: { 'chain-broken': 13 },
    plant: async (tx) => {
      const seal = (await firstOf(tx, MIDDLE)) as { batch_id: string; previous_hash: string; number: bigint }
      await tx('ledger_instructions').where({ batch_id: seal.batch_id }).update({ detail: 'forged' })
      const digest = await digestOf(tx, seal.batch_id)
      await tx('ledger_batches').where({ id: seal.batch_id }).update({ digest })
      await tx('ledger_seals')
        .where({ number: bound(seal.number) })
        .update({ hash: sealHash(seal.previous_hash, seal.batch_id, digest) })
    },
  },
]

async function digestOf(tx: Tx, batchId: string): Promise<string> {
  const rowsOf = async (table: string): Promise<Row[]> => (await tx(table).where({ batch_id: batchId })) as Row[]
  const entries = await tx('ledger_entries as e')
    .join('ledger_transfers as t', 't.id', 'e.transfer_id')
    .where('t.batch_id', batchId)
    .select<Row[]>('e.*')
  return digestBatch({
    ledger_instructions: await rowsOf('ledger_instructions'),
    ledger_holds: await rowsOf('ledger_holds'),
    ledger_transfers: await rowsOf('ledger_transfers'),
    ledger_entries: entries,
    ledger_resolutions: await rowsOf('ledger_resolutions'),
  })
}
