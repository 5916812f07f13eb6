import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { builtFile, startedWith } from '../support/built-product'

/** The loader inside the process itself: the `tsx` command would stand between us and the signals we send. */
const LOADER = pathToFileURL(require.resolve('tsx')).href

/** What PATH and the like a program needs to start at all; no setting of the gateway comes from whoever runs the tests. */
const SURROUNDINGS = { PATH: process.env.PATH ?? '', HOME: tmpdir() }

export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface Started {
  /** Waits until the standard output says so. */
  says(text: string | RegExp): Promise<string>
  readonly output: () => string
  stop(signal?: NodeJS.Signals): Promise<Ended>
  readonly ended: Promise<Ended>
}

/** A folder in which a program runs: no `.env` is found there, and a database of its own. */
export function workFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'gateway-run-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  readonly input?: string
  /** The file to run, the compiled command line by default. A TypeScript file runs as `npm run demo` and `npm run gateway` run it, which takes longer. */
  readonly file?: string
}

const programOf = (file: string | undefined): string[] => {
  if (file === undefined) return startedWith(builtFile('src/main.ts'))
  return file.endsWith('.ts') ? ['--import', LOADER, file] : [file]
}

const running = new Set<() => Promise<unknown>>()

/** A test that fails half-way must not leave its programs behind. */
afterAll(async () => {
  await Promise.all([...running].map((stop) => stop()))
})

/** Starts a program of ours as a person would, with these settings and no others. */
export function start(args: readonly string[], { env = {}, cwd, input = '', file }: RunOptions): Started {
  const child = spawn(process.execPath, [...programOf(file), ...args], {
    cwd,
    env: { ...SURROUNDINGS, ...env },
  })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text.out += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text.err += part))
  child.stdin.on('error', () => undefined).end(input)
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, ...text })))
  const stopNow = (): Promise<Ended> => {
    child.kill()
    return ended
  }
  running.add(stopNow)
  void ended.then(() => running.delete(stopNow))
  return {
    ended,
    output: () => text.out + text.err,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal)
      return ended
    },
    says: (wanted) =>
      new Promise((done, fail) => {
        const look = (): void => {
          if (text.out.match(wanted)) done(text.out)
        }
        child.stdout.on('data', look)
        look()
        void ended.then(({ code, err }) => fail(new Error(`ended with ${String(code)} before it said ${String(wanted)}: ${err}`)))
      }),
  }
}

/** Runs a program to its end. */
export const run = (args: readonly string[], options: RunOptions): Promise<Ended> => start(args, options).ended
