import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Knex } from 'knex'

const FOLDER = join(__dirname, '..', '..', 'migrations')

/** The migrations of the `migrations/` folder under names without an ending, so that sources and the built product agree on what was applied. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () =>
    Promise.resolve(
      readdirSync(FOLDER)
        .filter((file) => /^\d{3}_.*\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
        .map((file) => file.replace(/\.(ts|js)$/, ''))
        .sort(),
    ),
  getMigrationName: (name) => name,
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  getMigration: (name) => Promise.resolve(require(join(FOLDER, name)) as Knex.Migration),
}
