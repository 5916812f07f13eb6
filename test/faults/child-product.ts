import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBundle } from '../../src/minapp-bundle'
import { buildProduct } from '../support/built-product'

/** Compiled or with files of their own, so they are loaded from where they are installed. */
const INSTALLED = ['better-sqlite3', '@node-rs/argon2', 'pdfkit', 'esbuild']
/** Drivers that knex knows and that nobody has installed. */
const ABSENT = ['pg-native', 'pg-query-stream', 'mysql', 'mysql2', 'mariadb', 'mariadb/callback', 'oracledb', 'tedious', 'sqlite3']

/**
 * Compiles the product with the child program of the harness, and joins the compiled files into one: processes are started all the time, and two thirds of a start is
 * looking for files. Returns the path of the program to start.
 */
export function buildArena(folder: string): string {
  ensureBundle()
  buildProduct(folder, ['test/faults/child.ts', 'test/faults/orders.ts', 'test/faults/child-start.ts'])
  const at = (name: string): string => join(folder, 'test', 'faults', name)
  const flags = [
    ...['--banner:js=(function (exports, require, module, __filename, __dirname) {', '--footer:js=})'],
    ...['--bundle', '--platform=node', '--format=cjs', '--target=node20', '--log-level=error'],
    ...[...INSTALLED, ...ABSENT].map((name) => `--external:${name}`),
  ]
  // The program and not the package: that one refuses the realm which Jest gives to tests.
  execFileSync(require.resolve('esbuild/bin/esbuild'), [at('child.js'), ...flags, `--outfile=${at('child-in-one.js')}`])
  return at('child-start.js')
}
