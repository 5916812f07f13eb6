import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, chmodSync, chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { freePort } from '../test/support/free-port'
import { ownerOf, runProgram } from './programs'
import type { Owner } from './programs'

/** A PostgreSQL of the bench's own, with the programs that belong to it. */
export interface Cluster {
  /** The address of a database of this name. */
  url(database: string): string
  /** Runs one of PostgreSQL's programs against the server and answers with its standard output. */
  program(name: string, args: readonly string[]): Promise<string>
  /** One statement in a database, as the superuser; answers with its rows. */
  ask(database: string, sql: string): Promise<Record<string, unknown>[]>
  /** A database of this name, empty or a copy of another; what was there is lost. Answers with its address. */
  fresh(database: string, template?: string): Promise<string>
  stop(): Promise<void>
}

/** Settings that differ from PostgreSQL's own defaults, the same for every baseline and case. The gateway's pools and 32 clients of pgbench need the connections. */
const SETTINGS = ['max_connections=200', 'listen_addresses=127.0.0.1']

/** Starts a cluster in a folder; a folder that holds one already is used again, with its data. @throws Error a plain sentence when there is no PostgreSQL to start */
export async function startCluster(folder: string): Promise<Cluster> {
  const programs = findPrograms()
  const owner = ownerOf('postgres')
  const data = join(folder, 'postgres')
  mkdirSync(data, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o755) // The server may run as another user, who must be able to enter.
  if (owner) chownSync(data, owner.uid, owner.gid)
  if (!existsSync(join(data, 'PG_VERSION')))
    await runProgram(join(programs, 'initdb'), ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'], { owner })
  const port = await freePort()
  const server = startServer(join(programs, 'postgres'), data, port, owner)
  const cluster = connectTo(programs, port, server)
  await answers(cluster, server)
  return cluster
}

/** Where the programs are: a server without pgbench is of no use here. */
function findPrograms(): string {
  const installed = '/usr/lib/postgresql'
  const versions = existsSync(installed) ? readdirSync(installed).sort((a, b) => Number(b) - Number(a)) : []
  const folders = [...versions.map((version) => join(installed, version, 'bin')), ...(process.env.PATH ?? '').split(':')]
  const found = folders.find((folder) => ['initdb', 'postgres', 'pgbench'].every((name) => existsSync(join(folder, name))))
  if (!found) throw new Error('The bench needs PostgreSQL with pgbench, which is not installed. On Debian: apt-get install postgresql.')
  return found
}

function startServer(program: string, data: string, port: number, owner: Owner | undefined): ChildProcess {
  const flags = [...SETTINGS, `port=${port}`, 'unix_socket_directories='].flatMap((setting) => ['-c', setting])
  return spawn(program, ['-D', data, ...flags], { stdio: 'ignore', ...owner })
}

function connectTo(programs: string, port: number, server: ChildProcess): Cluster {
  const url = (database: string): string => `postgres://postgres@127.0.0.1:${port}/${database}`
  const ask: Cluster['ask'] = async (database, sql) => {
    const client = new Client({ connectionString: url(database) })
    await client.connect()
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows
    } finally {
      await client.end()
    }
  }
  const place = { PGHOST: '127.0.0.1', PGPORT: String(port), PGUSER: 'postgres' }
  return {
    url,
    ask,
    program: (name, args) => runProgram(join(programs, name), args, { env: place }),
    async fresh(database, template = 'template1') {
      await ask('postgres', `drop database if exists ${database} with (force)`)
      await ask('postgres', `create database ${database} template ${template}`)
      return url(database)
    },
    async stop() {
      if (server.exitCode !== null || server.signalCode !== null) return
      const ended = once(server, 'exit')
      server.kill('SIGINT') // To PostgreSQL this means: end the sessions, write everything, stop.
      await ended
    },
  }
}

const LONGEST_START_MS = 60_000

async function answers(cluster: Cluster, server: ChildProcess): Promise<void> {
  const until = performance.now() + LONGEST_START_MS
  for (;;) {
    try {
      await cluster.ask('postgres', 'select 1')
      return
    } catch (error) {
      if (server.exitCode !== null) throw new Error('PostgreSQL did not start. Does another bench use the same folder?', { cause: error })
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
