import type { Db } from './database'

/** Something that must not be in the books, as SQL that gives the ids of what breaks it. */
export interface BookRule {
  /** The number of the invariant in docs/ledger.md. */
  readonly invariant: number
  readonly name: string
  /** Selects a column `id`. */
  readonly sql: string
  readonly text: (id: string) => string
}

const MOST_PER_RULE = 50

/** What breaks the rules: at most fifty of each. Changes nothing; an empty list means that all of them hold. */
export async function findBroken(
  db: Db,
  rules: readonly BookRule[],
): Promise<{ readonly invariant: number; readonly rule: string; readonly text: string }[]> {
  const findings: { invariant: number; rule: string; text: string }[] = []
  for (const { invariant, name, sql, text } of rules) {
    const rows = (await db
      .select('id')
      .from(db.raw(`(${sql}) as broken`))
      .limit(MOST_PER_RULE)) as { id: string }[]
    findings.push(...rows.map(({ id }) => ({ invariant, rule: name, text: text(id) })))
  }
  return findings
}
