import { engineOf } from './database'
import type { Db } from './database'
import { planned } from './planned'

/** Something that must not be in the books, as SQL that gives the ids of what breaks it. */
export interface BookRule {
  /** The number of the invariant in docs/ledger.md. */
  readonly invariant: number
  readonly name: string
  /** Selects a column `id`. */
  readonly sql: string
  readonly text: (id: string) => string
}

/** The sentences of one rule stop here: what is wrong a million times need not be said a million times. */
export const MOST_PER_RULE = 50

/**
 * The first rows that break a rule. PostgreSQL plans as if all of them were wanted: a limit makes it hope for the first few, and take a way that costs little only while
 * it finds them soon, which in books that are right it never does.
 */
export const rowsThatBreak = (db: Db, sql: string): Promise<Record<string, unknown>[]> =>
  planned(db, 'whole tables', async (each) => {
    const query = each.select<Record<string, unknown>[]>('*').from('broken').limit(MOST_PER_RULE)
    return engineOf(db) === 'postgres' ? query.withMaterialized('broken', each.raw(sql)) : query.with('broken', each.raw(sql))
  })

/** What breaks the rules: at most fifty of each. Changes nothing; an empty list means that all of them hold. */
export async function findBroken(
  db: Db,
  rules: readonly BookRule[],
): Promise<{ readonly invariant: number; readonly rule: string; readonly text: string }[]> {
  const findings: { invariant: number; rule: string; text: string }[] = []
  for (const { invariant, name, sql, text } of rules) {
    const rows = (await rowsThatBreak(db, sql)) as { id: string }[]
    findings.push(...rows.map(({ id }) => ({ invariant, rule: name, text: text(id) })))
  }
  return findings
}
