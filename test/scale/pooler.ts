import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-port'
import { describeWith, findProgram } from '../support/needed-program'
import { until } from '../support/until'

/** A real PgBouncer in front of the tests' PostgreSQL, in the mode that keeps nothing for a client between two transactions. */
export interface Pooler {
  /** The same database, reached through the pooler. */
  urlOf(databaseUrl: string): string
  stop(): Promise<void>
}

/** Far fewer than two gateways open towards it, so that they really share. */
export const SERVER_CONNECTIONS = 4

const findPgBouncer = (): string | undefined => findProgram('/usr/sbin/pgbouncer', ['pgbouncer'])

const NO_PGBOUNCER =
  'NO PGBOUNCER WAS FOUND: THE TESTS WITH A CONNECTION POOLER DO NOT RUN. Install it (on Debian: apt-get install pgbouncer).'

/** `describe` for tests that need PgBouncer. */
export const describeWithPooler = (name: string, tests: () => void): void => describeWith(findPgBouncer(), NO_PGBOUNCER, name, tests)

/** Nobody in particular: PgBouncer refuses to run as root. */
const NOBODY = 65_534

/** Starts one in a folder of its own and waits until it takes connections. */
export async function startPooler(): Promise<Pooler> {
  const program = findPgBouncer()
  if (!program) throw new Error(NO_PGBOUNCER)
  const server = new URL(process.env.TEST_POSTGRES_URL ?? '')
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'gateway-pooler-'))
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'users.txt'), `"${server.username}" "${server.password}"\n`)
  writeFileSync(join(folder, 'pooler.ini'), settings(server, port, folder))
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  const child = spawn(program, ['-q', join(folder, 'pooler.ini')], { stdio: ['ignore', 'ignore', 'ignore'], ...identity })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await until(() => answers(port), 'PgBouncer takes connections')
  return {
    urlOf(databaseUrl) {
      const url = new URL(databaseUrl)
      url.port = String(port)
      return url.href
    },
    async stop() {
      child.kill('SIGQUIT') // At once, without waiting for its clients.
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whatever a client asks for at its start that the pooler does not know is refused: `ignore_startup_parameters` is left empty. */
const settings = (server: URL, port: number, folder: string): string => `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${folder}/users.txt
admin_users = ${server.username}
pool_mode = transaction
default_pool_size = ${SERVER_CONNECTIONS}
max_client_conn = 500
`

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
