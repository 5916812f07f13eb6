import { engineOf, isDown } from './database'
import type { Db, Engine } from './database'
import type { Statement } from './statements'

interface Sender {
  acquireConnection(): Promise<unknown>
  releaseConnection(connection: unknown): Promise<unknown>
  query(connection: unknown, query: { sql: string; bindings: readonly unknown[]; method: 'raw' }): Promise<{ response: unknown }>
}

/** Sends one statement that only reads, as it stands; `?` stands for a value. Building it through Knex would cost more than the database takes to answer it. */
export async function readRows<Row>(db: Db, { sql, values }: Statement): Promise<Row[]> {
  const sender = db.client as Sender
  const connection = await sender.acquireConnection()
  try {
    const { response } = await sender.query(connection, { sql, bindings: values, method: 'raw' })
    return (Array.isArray(response) ? response : (response as { rows: unknown[] }).rows) as Row[]
  } finally {
    await sender.releaseConnection(connection)
  }
}

/** How a statement tests a column against a list that is one of its values: `column ${isOneOf(engine)}`, with `listOf` for the value. */
export const isOneOf = (engine: Engine): string => (engine === 'postgres' ? '= any(?)' : 'in (select value from json_each(?))')

export const listOf = (engine: Engine, values: readonly (string | number)[]): string | readonly (string | number)[] =>
  engine === 'postgres' ? values : JSON.stringify(values)

/** Reads for all of these questions and answers each, in their order. */
export type ReadMany<Question, Answer> = (db: Db, engine: Engine, questions: readonly Question[]) => Promise<readonly Answer[]>

/** Enough to spread the cost of a round trip, few enough that no answer becomes large. */
const MOST_AT_ONCE = 100
/** A statement that hangs must not stop the reads of all others; more at once would only make the sets smaller. */
const MOST_UNDER_WAY = 2

/**
 * Makes a reader whose callers travel together: those of this process that ask in the same turn, or while earlier ones are under way, share a statement. What somebody is
 * told was read after they asked, so they see everything that was committed before. When the statement of several fails, each asks for itself.
 */
export function gatherReads<Question, Answer>(read: ReadMany<Question, Answer>): (db: Db, question: Question) => Promise<Answer> {
  const readers = new WeakMap<Db, (question: Question) => Promise<Answer>>()
  return (db, question) => {
    const known = readers.get(db)
    if (known) return known(question)
    const reader = readerOn(db, read)
    readers.set(db, reader)
    return reader(question)
  }
}

interface Waiting<Question, Answer> {
  readonly question: Question
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

function readerOn<Question, Answer>(db: Db, read: ReadMany<Question, Answer>): (question: Question) => Promise<Answer> {
  const engine = engineOf(db)
  const queue: Waiting<Question, Answer>[] = []
  let isStarting = false
  let underWay = 0

  const answerAll = async (waiting: readonly Waiting<Question, Answer>[]): Promise<void> => {
    try {
      const answers = await read(
        db,
        engine,
        waiting.map(({ question }) => question),
      )
      waiting.forEach(({ resolve }, index) => resolve(answers[index] as Answer))
    } catch (error) {
      if (waiting.length === 1 || isDown(error)) for (const { reject } of waiting) reject(error)
      else for (const one of waiting) await answerAll([one])
    }
  }
  const start = (): void => {
    isStarting = false
    while (queue.length > 0 && underWay < MOST_UNDER_WAY) {
      underWay += 1
      void answerAll(queue.splice(0, MOST_AT_ONCE)).then(() => {
        underWay -= 1
        start()
      })
    }
  }
  return (question) =>
    new Promise((resolve, reject) => {
      queue.push({ question, resolve, reject })
      if (isStarting || underWay >= MOST_UNDER_WAY) return
      isStarting = true
      setImmediate(start) // After everything that arrived in this turn of the loop.
    })
}
