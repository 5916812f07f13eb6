import type { Db } from '../../src/shared/database'
import { backofficeRu } from '../../src/shared/texts/backoffice'

interface Row {
  readonly action: string
  readonly before: string | null
  readonly after: string | null
}

const namesIn = (facts: string | null): string[] => Object.keys(JSON.parse(facts ?? '{}') as object)

/** Words of the audit log that no text says to a person: each a sentence. */
export async function untoldWords(db: Db): Promise<string[]> {
  const rows: Row[] = await db('audit_log').whereNot({ action: 'test_deed' }).distinct('action', 'before', 'after')
  const keys = rows.flatMap(({ action, before, after }) => [
    `audited.${action}`,
    ...[...namesIn(before), ...namesIn(after)].map((name) => `fact.${name}`),
  ])
  return [...new Set(keys)]
    .filter((key) => !Object.hasOwn(backofficeRu, key))
    .map((key) => `The audit log has a word without a text: ${key}`)
}
