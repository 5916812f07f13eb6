import type { Config, Purpose } from '../config'
import { createLog } from '../shared/log'
import { isMigrated } from '../shared/migrate'
import { NotReady } from '../shared/not-ready'
import { buildParts } from '../wiring'
import type { Parts } from '../wiring'

/** Reads the settings for what a command is about to do; to look at the database unless it says otherwise. */
export type ConfigFor = (purpose?: Purpose) => Config

/** Runs one command on a migrated database and closes everything afterwards. Standard output is the answer's alone, so the log stays silent. */
export async function withParts<T>(config: Config, work: (parts: Parts) => Promise<T>): Promise<T> {
  if (!(await isMigrated(config.databaseUrl))) throw new NotReady('The database is not migrated. Run `gateway migrate` first.')
  const parts = buildParts(config, { log: createLog('silent'), patient: true })
  try {
    return await work(parts)
  } finally {
    await parts.close()
  }
}

/** One JSON value with `--json`; otherwise lines for a person. */
export function answer(value: unknown, { json }: { json?: boolean }): void {
  const text = json ? JSON.stringify(value) : Array.isArray(value) ? asList(value) : asLines(value)
  process.stdout.write(`${text}\n`)
}

/** A list of things begins with what stands in each column, since most values do not tell by themselves. */
function asList(rows: readonly unknown[]): string {
  const [first] = rows
  if (first === undefined) return 'None.'
  const head = typeof first === 'object' && first !== null ? [Object.keys(first).join('  ')] : []
  return [...head, ...rows.map(asLine)].join('\n')
}

const asLine = (row: unknown): string => (typeof row === 'object' && row !== null ? Object.values(row).map(shown).join('  ') : shown(row))

function asLines(value: unknown): string {
  if (typeof value !== 'object' || value === null) return shown(value)
  return Object.entries(value)
    .map(([name, part]) =>
      Array.isArray(part) ? `${name}:\n${part.map((row) => `  ${asLine(row)}`).join('\n')}` : `${name}: ${shown(part)}`,
    )
    .join('\n')
}

const shown = (value: unknown): string =>
  value === null || value === undefined
    ? '—'
    : typeof value === 'string'
      ? value
      : value instanceof Date
        ? value.toISOString()
        : JSON.stringify(value)
