import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrateToLatest } from '../../src/shared/migrate'
import { ask, databaseOn } from './databases'

/** Migrated databases of both engines with nothing in them: a copy costs a tenth of what migrating costs, and every test takes one. */
export async function makeTemplates(server: string): Promise<{ postgres: string; sqlite: string; remove: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-template-'))
  const sqlite = join(folder, 'template.sqlite3')
  const postgres = `template_${randomBytes(6).toString('hex')}`
  await migrateToLatest(`sqlite:${sqlite}`)
  await ask(server, `create database ${postgres}`)
  await migrateToLatest(databaseOn(server, postgres))
  const remove = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    await ask(server, `drop database ${postgres} with (force)`)
  }
  return { postgres, sqlite, remove }
}
