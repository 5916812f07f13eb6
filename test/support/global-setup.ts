import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildProduct } from './built-product'
import { startPostgres } from './postgres'
import { makeTemplates } from './templates'

/**
 * Once for the whole run: one PostgreSQL cluster, in which every test file makes databases of its own; a migrated database of each engine to copy; and the product
 * compiled, for tests that start processes.
 */
export default async function setup(): Promise<void> {
  const cluster = await startPostgres()
  process.env.TEST_POSTGRES_URL = cluster.url
  const templates = await makeTemplates(cluster.url)
  process.env.TEST_POSTGRES_TEMPLATE = templates.postgres
  process.env.TEST_SQLITE_TEMPLATE = templates.sqlite
  const product = mkdtempSync(join(tmpdir(), 'gateway-product-'))
  buildProduct(product, ['test/support/gateway-process.ts', 'test/support/built-product.ts', 'test/support/listen.ts'])
  process.env.TEST_PRODUCT = product
  ;(globalThis as { endTests?: () => Promise<void> }).endTests = async () => {
    rmSync(product, { recursive: true, force: true })
    await templates.remove()
    await cluster.stop()
  }
}
