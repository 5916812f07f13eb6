import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ensureBundle } from '../../src/minapp-bundle'
import { buildProduct } from './built-product'
import { startPostgres } from './postgres'
import { makeTemplates } from './templates'

/**
 * Once for the whole run: one PostgreSQL cluster, in which every test file makes databases of its own; a migrated database of each engine to copy; and the product
 * compiled, for tests that start processes. The script of the mini-app is built here, where esbuild can run: it refuses the realm that Jest gives to tests.
 */
export default async function setup(): Promise<void> {
  // Everything that the run writes is in here, in this process and in the workers, which inherit it; at the end nothing of it is left.
  const folder = mkdtempSync(join(process.env.TMPDIR ?? memoryFolder() ?? tmpdir(), 'gateway-tests-'))
  chmodSync(folder, 0o711) // PostgreSQL may run as another user.
  process.env.TMPDIR = folder
  ensureBundle()
  const cluster = await startPostgres()
  process.env.TEST_POSTGRES_URL = cluster.url
  const templates = await makeTemplates(cluster.url)
  process.env.TEST_POSTGRES_TEMPLATE = templates.postgres
  process.env.TEST_SQLITE_TEMPLATE = templates.sqlite
  const product = mkdtempSync(join(tmpdir(), 'gateway-product-'))
  buildProduct(
    product,
    ['gateway-process', 'kept-code', 'built-product', 'free-port'].map((name) => `test/support/${name}.ts`),
  )
  process.env.TEST_PRODUCT = product
  ;(globalThis as { endTests?: () => Promise<void> }).endTests = async () => {
    await templates.remove()
    await cluster.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

const MEMORY = '/dev/shm'
const ROOM = 3n * 1024n ** 3n

/** A file system in memory, where one has room: making a database takes a twentieth of what it takes on a disk, and the run makes hundreds. */
function memoryFolder(): string | undefined {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY, { bigint: true })
    return bavail * bsize >= ROOM ? MEMORY : undefined
  } catch {
    return undefined
  }
}
