import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { lockAccount, openAccounts, setMinAvailable, verifyLedger } from '../../src/ledger'
import type { Instruction, Ledger } from '../../src/ledger'
import type { Db, Engine } from '../../src/shared/database'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import { makeBooks } from './books'
import type { Books } from './books'
import { ModelBooks } from './model-books'
import type { ModelAnswer, ModelEntry } from './model-books'
import { CHART, Commands, wish } from './model-commands'
import type { Command, Wish } from './model-commands'

/** The ledger against a reference in memory: SEED replays a run, MODEL_OPERATIONS makes it longer (100,000 is the long form). */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
const OPERATIONS: Record<Engine, number> = { sqlite: 10_000, postgres: 6_000 }
const operationsOn = (engine: Engine): number => Number(process.env.MODEL_OPERATIONS ?? OPERATIONS[engine])
const PATIENCE = 3_600_000

/** Wishes that are drawn at once, under a seed of their own. */
const CHUNK = 100

function* wishesFrom(seed: number): Generator<Wish> {
  for (let chunk = 0; ; chunk++) yield* fc.sample(wish, { seed: seed + chunk * 7_919, numRuns: CHUNK })
}

type RealAnswer = { kind: 'done'; replayed: boolean } | { kind: 'refused'; code: string; detail: string | null } | { kind: 'fails' }

const submit = (ledger: Ledger, instruction: Instruction): Promise<RealAnswer> =>
  ledger.submit(instruction).then(
    ({ replayed }) => ({ kind: 'done', replayed }),
    (error: unknown) =>
      error instanceof Refusal ? { kind: 'refused', code: error.code, detail: error.detail ?? null } : { kind: 'fails' },
  )

/** The ledger's answer in the words of the reference, if it is one that the reference allows. */
function inWordsOf(right: ModelAnswer, real: RealAnswer): unknown {
  if (real.kind !== 'refused' || right.kind !== 'refused') return real
  return { kind: 'refused', code: real.code, details: right.details.includes(real.detail) ? right.details : [real.detail] }
}

/** One run: two ledgers and the reference side by side. */
class Run {
  readonly model = new ModelBooks()
  readonly counts = { operations: 0, done: 0, refused: 0, replayed: 0, failed: 0 }
  private readonly ledgers: readonly [Ledger, Ledger]

  constructor(private readonly books: Books) {
    this.ledgers = [books.ledger, books.another().ledger]
    for (const account of CHART) this.model.open(...account)
  }

  async open(accounts: readonly string[]): Promise<void> {
    const now = new Date()
    await this.books.db.transaction((tx) =>
      openAccounts(
        tx,
        accounts.map((id) => ({ id, unit: 'PTS', minAvailable: 0n })),
        now,
      ),
    )
    for (const id of accounts) this.model.open(id, 'PTS', 0n)
  }

  async carryOut(command: Command): Promise<void> {
    if (command.command === 'submit') return this.submitSet(command.set, command.to)
    this.counts.operations += 1
    if (command.command === 'open') return this.open([command.account])
    const isLock = command.command === 'lock'
    const right = isLock ? this.model.lock(command.account, command.locked) : this.model.setFloor(command.account, command.floor)
    const real = await this.books.db
      .transaction((tx) =>
        isLock ? lockAccount(tx, command.account, command.locked) : setMinAvailable(tx, command.account, command.floor),
      )
      .then(
        () => true,
        (error: unknown) => (error as Refusal).code,
      )
    expect({ command, real }).toEqual({ command, real: right || (isLock ? 'account_unknown' : 'not_enough_available') })
  }

  private async submitSet(set: readonly Instruction[], to: 'first' | 'second' | 'both'): Promise<void> {
    const [first, second] = this.ledgers
    const rights = set.map((each) => this.model.submit(each))
    // What fails is tried alone, at each ledger in its own time; then two of them may rightly answer differently.
    const together = to === 'both' && rights.every(({ kind }) => kind !== 'fails')
    const asked = together ? [first, second] : [to === 'first' ? first : second]
    const given = await Promise.all(asked.map((ledger) => Promise.all(set.map((each) => submit(ledger, each)))))
    set.forEach((instruction, index) => {
      const right = rights[index] as ModelAnswer
      const real = given.map((each) => each[index] as RealAnswer)
      this.count(right)
      const answers = real.map((each) => inWordsOf(right, this.freshOf(real, each)))
      // The runner's own comparison takes longer than a batch, so it is left for telling the difference.
      if (!answers.every((each) => isDeepStrictEqual(each, right)))
        expect({ instruction, answers }).toEqual({ instruction, answers: real.map(() => right) })
    })
  }

  /** Of two ledgers that are asked at once exactly one carries it out and the other repeats its answer. Which of them is first is not known. */
  private freshOf(real: readonly RealAnswer[], each: RealAnswer): RealAnswer {
    if (each.kind !== 'done' || real.length === 1) return each
    const fresh = real.filter((answer) => answer.kind === 'done' && !answer.replayed)
    return fresh.length > 1 ? { kind: 'fails' } : { kind: 'done', replayed: fresh.length === 0 }
  }

  private count(answer: ModelAnswer): void {
    this.counts.operations += 1
    if (answer.kind === 'done') this.counts[answer.replayed ? 'replayed' : 'done'] += 1
    else this.counts[answer.kind === 'refused' ? 'refused' : 'failed'] += 1
  }
}

async function expectSameAccounts(db: Db, model: ModelBooks): Promise<void> {
  const rows = await db('ledger_accounts')
    .whereIn('id', [...model.accounts.keys()])
    .select<Record<string, unknown>[]>('*')
  const real = rows.map((row) => [row.id, row.balance, row.held, row.min_available, row.entry_count, Number(row.locked)])
  const right = [...model.accounts].map(([id, { balance, held, floor, newest, locked }]) => [
    id,
    balance,
    held,
    floor,
    newest?.number ?? 0n,
    Number(locked),
  ])
  const byId = (a: unknown[], b: unknown[]): number => (String(a[0]) < String(b[0]) ? -1 : 1)
  expect(real.sort(byId)).toEqual(right.sort(byId))
}

async function expectSameEntries(db: Db, model: ModelBooks): Promise<void> {
  for (const [id, { newest }] of model.accounts) {
    const rows = await db('ledger_entries')
      .where({ account_id: id })
      .orderBy('number', 'desc')
      .select<Record<string, unknown>[]>('number', 'amount', 'balance_after')
    const right: string[] = []
    for (let entry: ModelEntry | undefined = newest; entry; entry = entry.before)
      right.push(`${entry.number}: ${entry.amount} ${entry.balanceAfter}`)
    expect([id, rows.map((row) => `${String(row.number)}: ${String(row.amount)} ${String(row.balance_after)}`)]).toEqual([id, right])
  }
}

async function expectSameHolds(db: Db, model: ModelBooks): Promise<void> {
  const rows = await db('ledger_holds as h')
    .leftJoin('ledger_resolutions as r', 'r.hold_id', 'h.id')
    .select<Record<string, unknown>[]>('h.*', 'r.hold_id as over')
  const real = rows.map(
    (row) => `${String(row.id)}: ${String(row.account_id)} ${String(row.to_account_id)} ${String(row.amount)} ${String(row.over !== null)}`,
  )
  expect(real.sort()).toEqual(
    [...model.holds].map(([id, { from, to, amount, over }]) => `${id}: ${from} ${to} ${amount} ${String(over)}`).sort(),
  )
}

/** How often the accounts are compared on the way, so that a difference is found near its cause. */
const COMPARE_EVERY = 25

async function runBoth(books: Books, operations: number): Promise<Run['counts']> {
  const run = new Run(books)
  const commands = new Commands((account) => run.model.available(account))
  await run.open(commands.members)
  let groups = 0
  for (const each of wishesFrom(SEED)) {
    await run.carryOut(commands.toCommand(each))
    if (++groups % COMPARE_EVERY === 0) await expectSameAccounts(books.db, run.model)
    if (run.counts.operations >= operations) break
  }
  await books.ledger.idle()
  await expectSameAccounts(books.db, run.model)
  await expectSameEntries(books.db, run.model)
  await expectSameHolds(books.db, run.model)
  expect(await verifyLedger(books.db)).toEqual([])
  return run.counts
}

describe.each(ENGINES)('the ledger on %s', (engine) => {
  test(
    `answers ${operationsOn(engine)} random operations as a reference in memory does, and ends with the same books (SEED=${SEED})`,
    async () => {
      const books = await makeBooks(engine)
      try {
        const counts = await runBoth(books, operationsOn(engine))
        if (process.env.MODEL_OPERATIONS) process.stdout.write(`${engine}: ${JSON.stringify(counts)}\n`)
        // A run in which nothing is refused, or everything, would prove little.
        const share = (part: number): number => part / counts.operations
        expect(share(counts.done)).toBeGreaterThan(0.2)
        expect(share(counts.refused)).toBeGreaterThan(0.1)
        expect(counts.replayed).toBeGreaterThan(0)
        expect(counts.failed).toBeGreaterThan(0)
      } finally {
        await books.close()
      }
    },
    PATIENCE,
  )
})
