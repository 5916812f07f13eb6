import { createReadStream } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Command } from 'commander'
import { BadAccrualFile, accruePoints, readAccrualFile } from '../members'
import type { AccrualProgress, Accrued } from '../members'
import { COMMAND_LINE } from '../shared/actor'
import { toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Options {
  name?: string
  reason: string
  json?: boolean
}

export function addAccrueCommand(members: Command, config: ConfigFor): void {
  members
    .command('accrue <file>')
    .description('credit many members out of a list of login,amount lines; - reads standard input')
    .option('--name <name>', 'names the job: the same name credits once; the name of the file unless given')
    .option('--reason <text>', 'why', 'By command line')
    .option('--json')
    .action((file: string, options: Options) => runAccrual(config, file, options))
}

async function runAccrual(config: ConfigFor, file: string, options: Options): Promise<void> {
  const name = options.name ?? (file === '-' ? undefined : basename(file).replace(/\.[^.]*$/, ''))
  if (name === undefined) fail('A list from standard input needs a --name.')
  else if (file !== '-' && !(await isReadable(file))) fail('This file cannot be read.')
  else await credit(config, { file, name, options })
}

async function credit(config: ConfigFor, { file, name, options }: { file: string; name: string; options: Options }): Promise<void> {
  const startedAt = performance.now()
  const chunks: AsyncIterable<Buffer | string> = file === '-' ? process.stdin : createReadStream(file)
  const { reason } = options
  try {
    const accrued = await withParts(config(), (parts) =>
      accruePoints(parts, { name, rows: readAccrualFile(chunks), reason, actor: COMMAND_LINE, onProgress: createProgress() }),
    )
    tell(accrued, (performance.now() - startedAt) / 1_000, options)
  } catch (error) {
    if (error instanceof BadAccrualFile) fail(problemLines(error))
    else if (error instanceof Refusal && error.code === 'key_reused')
      fail(`The name "${name}" belongs to another list. Choose another --name.`)
    else throw error
  }
}

/** A pipe will do as well as a file; a folder will not. */
async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK)
    return !(await stat(path)).isDirectory()
  } catch {
    return false
  }
}

function fail(text: string): void {
  process.stderr.write(`${text}\n`)
  process.exitCode = 1
}

function problemLines({ problems, count }: BadAccrualFile): string {
  const more = count > problems.length ? [`… and ${count - problems.length} more.`] : []
  return ['Nobody was credited:', ...problems.map(({ line, text }) => `Line ${line}: ${text}.`), ...more].join('\n')
}

function tell({ name, members, total, batches, credited, resumed }: Accrued, seconds: number, options: Options): void {
  if (resumed)
    process.stderr.write(
      credited === 0
        ? `The job "${name}" was complete already. Nothing was changed.\n`
        : `The job "${name}" went on after ${members - credited} members whom an earlier run had credited.\n`,
    )
  answer({ name, members, total: toDecimal(total), batches, credited, resumed, seconds: Number(seconds.toFixed(3)) }, options)
}

/** A person who waits reads a line a second; more would only scroll. */
const EVERY_MS = 1_000

/** Writes how far the job is to standard error. The rate is that of this run. */
function createProgress(): (progress: AccrualProgress) => void {
  let toldAt = performance.now()
  let first: { done: number; at: number } | undefined
  return ({ phase, done, total }) => {
    const now = performance.now()
    if (phase === 'crediting') first ??= { done, at: now }
    if (now - toldAt < EVERY_MS) return
    toldAt = now
    if (total === null || first === undefined) process.stderr.write(`${done} lines checked\n`)
    else process.stderr.write(`${creditedLine(done, total, ((done - first.done) / (now - first.at)) * 1_000)}\n`)
  }
}

function creditedLine(done: number, total: number, perSecond: number): string {
  const pace = perSecond > 0 ? `, ${Math.round(perSecond)} per second, ${Math.ceil((total - done) / perSecond)} s remaining` : ''
  return `${done} of ${total} members credited${pace}`
}
