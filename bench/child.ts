import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A program of the bench or of the product in a process of its own. */
export interface Child {
  readonly url: string
  /** Bytes of memory that belong to it at this moment; 0 where the system does not tell. */
  residentBytes(): number
  stop(): Promise<void>
}

const SURROUNDINGS = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NODE_ENV: 'production' }

export interface ChildOptions {
  readonly args: readonly string[]
  readonly port: number
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

const running = new Set<Child>()

/** For a bench that is broken off: nothing of it may go on. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()))
}

/** Starts Node with these arguments and waits until it answers on its port. Nothing of the caller's own settings reaches it. @throws Error when it ends before */
export async function startChild({ args, port, cwd, env = {} }: ChildOptions): Promise<Child> {
  const child = spawn(process.execPath, args, { cwd, env: { ...SURROUNDINGS, ...env }, stdio: ['ignore', 'ignore', 'inherit'] })
  const url = `http://127.0.0.1:${port}`
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null
  while (!(await accepts(url))) {
    if (hasEnded()) throw new Error(`${args.join(' ')} ended before it answered.`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const started: Child = {
    url,
    residentBytes: () => residentBytes(child.pid),
    async stop() {
      running.delete(started)
      if (hasEnded()) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
  running.add(started)
  return started
}

const accepts = (url: string): Promise<boolean> =>
  fetch(`${url}/healthz`).then(
    async (response) => {
      await response.arrayBuffer()
      return true
    },
    () => false,
  )

function residentBytes(pid: number | undefined): number {
  try {
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8')) ?? []
    return Number(kilobytes) * 1_024
  } catch {
    return 0
  }
}

const PROJECT = join(__dirname, '..')

/** Starts one of the small servers in bench/servers. */
export const startServer = (name: string, port: number, args: readonly string[] = []): Promise<Child> =>
  startChild({ args: ['--import', 'tsx', join(PROJECT, 'bench/servers', `${name}.ts`), String(port), ...args], port, cwd: PROJECT })
