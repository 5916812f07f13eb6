import { iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId, sha256 } from '../shared/ids'
import { MAX_MINOR } from '../shared/money'
import type { Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { allOf, insertion, runTogether } from '../shared/statements'
import type { Row, Statement } from '../shared/statements'
import { batchStatements } from './batch'
import type { BatchRows } from './batch'
import { digestBatch } from './digest'
import { checkInstruction } from './instructions'
import type { Companion, Instruction, Leg, TransferKind } from './instructions'
import { readBooks } from './store'

/** One transfer from one account to many: thousands of members get their points in one batch of the books. */
export interface BulkCredit {
  /** Names the intent, as that of an instruction does. */
  readonly key: string
  readonly reference: string
  readonly kind: TransferKind
  readonly unit: Unit
  /** Who gives all of it: an account without a limit, whose id comes after those of the receivers, since accounts are locked in that order. */
  readonly from: string
  /** Who gets how much, in minor units above zero, in the order of the accounts' ids, each once. */
  readonly to: readonly Leg[]
  readonly companions: readonly Companion[]
}

/** A credit whose receivers are credited and locked, and which nobody else sees yet. Ends with one of the two. */
export interface OpenCredit {
  /** Takes the whole from the giver, closes the batch and commits. `replayed`: the key was used for the same before, and nothing was written. */
  close(): Promise<{ replayed: boolean }>
  /** Undoes it. Never throws. */
  cancel(): Promise<void>
}

/** The same as an instruction, for the door that decides in memory. */
export const asInstruction = (credit: BulkCredit): Instruction => ({
  key: credit.key,
  reference: credit.reference,
  lines: [
    { do: 'transfer', kind: credit.kind, unit: credit.unit, legs: [...credit.to, { account: credit.from, amount: -totalOf(credit) }] },
  ],
  companions: credit.companions,
})

const totalOf = ({ to }: BulkCredit): bigint => to.reduce((sum, { amount }) => sum + amount, 0n)

/** Told to a transaction that is given up on purpose. */
class Cancelled extends Error {}

/**
 * Begins a credit on PostgreSQL and answers when its receivers are credited, so that the next one can begin while this one is closed: all locks of the first are taken by then, except
 * for the giver's, which comes after all of them, so the two never wait for each other crosswise. It is tried once: whoever calls knows what to do again after a failure.
 *
 * What `decide` would decide the statement decides: an account that is missing or kept in another unit shows in the count, receivers have no upper limit and the giver has no lower one.
 * The digest, the guards of the database and the seal are those of every batch.
 * @throws Refusal key_reused, account_unknown (detail: the reference); what the database throws
 */
export function openCredit(db: Db, credit: BulkCredit, now: Date): Promise<OpenCredit> {
  checkCredit(credit)
  return new Promise((resolve, reject) => {
    const over = db.transaction(async (tx) => {
      const draft = await draftCredit(tx, credit, now)
      await new Promise<void>((proceed, giveUp) => resolve(handleOf(over, proceed, () => giveUp(new Cancelled()))))
      if (draft) await closeCredit(tx, credit, draft)
      return { replayed: draft === undefined }
    })
    over.catch(reject)
  })
}

function handleOf(over: Promise<{ replayed: boolean }>, proceed: () => void, giveUp: () => void): OpenCredit {
  return {
    close() {
      proceed()
      return over
    },
    async cancel() {
      giveUp()
      await over.catch(() => undefined)
    },
  }
}

/** What is decided and written of a credit, as its digest needs it. */
interface Draft {
  readonly batchId: string
  readonly transferId: string
  readonly rows: BatchRows
  readonly now: Date
}

/** Credits the receivers; undefined when the key was used for the same before. */
async function draftCredit(tx: Tx, credit: BulkCredit, now: Date): Promise<Draft | undefined> {
  const print = fingerprintOf(credit)
  const { answers } = await readBooks(tx, { accounts: [], holds: [], keys: [credit.key] })
  const earlier = answers.get(credit.key)
  if (earlier?.fingerprint === print && earlier.answer === 'done') return undefined
  if (earlier) throw new Refusal(earlier.fingerprint === print && earlier.answer !== 'done' ? earlier.answer : 'key_reused')
  const [batchId, transferId] = [newSortedId(), newSortedId()]
  const { key, kind, unit, reference } = credit
  const written = { instruction_key: key, batch_id: batchId, created_at: iso(now) }
  const transfer = { id: transferId, kind, unit, amount: totalOf(credit), reference, memo: null, event_at: iso(now), ...written }
  const entries = await creditAccounts(tx, credit, transferId, credit.to, [insertion('postgres', 'ledger_transfers', [transfer])])
  const instruction = { key, fingerprint: print, answer: 'done', detail: null, batch_id: batchId }
  const rows = {
    ledger_instructions: [instruction],
    ledger_holds: [],
    ledger_transfers: [transfer],
    ledger_entries: entries,
    ledger_resolutions: [],
  }
  return { batchId, transferId, rows, now }
}

/** Takes the whole from the giver and closes the batch; what else must commit with it goes along. */
async function closeCredit(tx: Tx, credit: BulkCredit, { batchId, transferId, rows, now }: Draft): Promise<void> {
  const given = await creditAccounts(tx, credit, transferId, [{ account: credit.from, amount: -totalOf(credit) }])
  const digest = digestBatch({ ...rows, ledger_entries: [...rows.ledger_entries, ...given] })
  const closing = { ...rows, ledger_transfers: [], ledger_entries: [] } // Both stand there already.
  const statements = batchStatements('postgres', [], closing, { id: batchId, digest, now })
  const companions = credit.companions.map(({ write, row }) => write(tx, [row] as never[]))
  await allOf<unknown>([runTogether(tx, statements), ...companions])
}

/** Changes the balances and writes the entries, both in the database; answers with the entries as they stand there. */
async function creditAccounts(
  tx: Tx,
  { unit, reference }: BulkCredit,
  transferId: string,
  legs: readonly Leg[],
  before: readonly Statement[] = [],
): Promise<Row[]> {
  const values = [transferId, unit, listOf(legs.map(({ account }) => account)), listOf(legs.map(({ amount }) => amount))]
  const answers = await runTogether(tx, [...before, { sql: 'select * from ledger_credit(?, ?, ?, ?)', values }])
  const { balances, numbers } = answers.at(-1)?.[0] as { balances: string | null; numbers: string | null }
  const [after, number] = [wordsOf(balances), wordsOf(numbers)]
  if (after.length !== legs.length) throw new Refusal('account_unknown', reference)
  return legs.map(({ account, amount }, index) => ({
    account_id: account,
    number: number[index] ?? null,
    transfer_id: transferId,
    amount: String(amount),
    balance_after: after[index] ?? null,
  }))
}

/** A list as PostgreSQL writes and reads one whose members need no quotes: the driver would look at each of them. */
const listOf = (values: readonly (string | bigint)[]): string => `{${values.join(',')}}`
const wordsOf = (list: string | null): string[] => list?.slice(1, -1).split(',') ?? []

/** Accounts with commas between them, none of which needs quotes in a list or in JSON. */
const PLAIN_ACCOUNTS = /^[a-z0-9:-]{1,60}(,[a-z0-9:-]{1,60})*$/

/** @throws Error, since a caller that sends such a thing is wrong */
function checkCredit(credit: BulkCredit): void {
  const { to, from } = credit
  let last = ''
  for (const { account, amount } of to) {
    if (account <= last || amount <= 0n) throw new Error('bug: receivers come in order, each once, and get something')
    last = account
  }
  if (to.length === 0 || from <= last) throw new Error('bug: the giver comes after those who receive')
  if (!PLAIN_ACCOUNTS.test(listOf([...to.map(({ account }) => account), from]).slice(1, -1)))
    throw new Error('bug: the name of an account is of another form')
  checkInstruction({ ...asInstruction({ ...credit, to: [] }), lines: [] })
  if (totalOf(credit) > MAX_MINOR) throw new Error('bug: an amount larger than any')
}

/** The fingerprint of the same credit as an instruction, written out: sorting the names of ten thousand legs would take longer than everything else here. */
export function fingerprintOf(credit: BulkCredit): string {
  const legs = asInstruction(credit).lines.flatMap((line) => (line.do === 'transfer' ? line.legs : []))
  const texts = legs.map(({ account, amount }) => `{"account":"${account}","amount":"${String(amount)}"}`)
  return sha256(`[{"do":"transfer","kind":"${credit.kind}","legs":[${texts.join(',')}],"unit":"${credit.unit}"}]`)
}
