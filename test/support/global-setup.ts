import { startPostgres } from './postgres'

/** Once for the whole run: one PostgreSQL cluster; every test file makes databases of its own in it. */
export default async function setup(): Promise<void> {
  const cluster = await startPostgres()
  process.env.TEST_POSTGRES_URL = cluster.url
  ;(globalThis as { stopPostgres?: () => Promise<void> }).stopPostgres = cluster.stop
}
