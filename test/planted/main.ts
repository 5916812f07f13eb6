import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../code/tree'
import { PLANTED_BUGS } from './bugs'
import type { PlantedBug } from './bug'

/** `npm run test:planted -- [--only NAME] [--seed N]`: plants one bug after the other in a copy of the tree and shows what catches it. See docs/testing.md. */

const COPIED = [
  'src',
  'views',
  'public',
  'migrations',
  'test',
  'docs',
  'bench',
  'package.json',
  'tsconfig.json',
  'jest.config.cjs',
  'knexfile.ts',
  '.env.example',
]
const LONGEST_MS = 900_000

interface Caught {
  readonly by: string
  /** Undefined for a test. */
  readonly afterSchedules?: number
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' }, seed: { type: 'string', default: '1' } } })
  const bugs = PLANTED_BUGS.filter(({ name }) => values.only === undefined || name === values.only)
  let missed = 0
  print('| Bug | Caught by | After |\n|---|---|---|')
  for (const bug of bugs) {
    const caught = await plant(bug, values.seed)
    if (!caught) missed += 1
    const after =
      caught?.afterSchedules === undefined ? '' : `${caught.afterSchedules} ${caught.afterSchedules === 1 ? 'schedule' : 'schedules'}`
    print(`| ${bug.name} | ${caught?.by ?? 'NOTHING'} | ${after} |`)
  }
  print(`${bugs.length - missed} of ${bugs.length} planted bugs were caught.`)
  process.exitCode = missed > 0 ? 1 : 0
}

async function plant(bug: PlantedBug, seed: string): Promise<Caught | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-planted-'))
  try {
    chmodSync(folder, 0o755)
    copyTree(folder)
    for (const edit of bug.edits) change(folder, edit)
    return (await askHarness(folder, bug, seed)) ?? (await askTests(folder, bug))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function copyTree(folder: string): void {
  for (const name of COPIED.filter((one) => existsSync(join(ROOT, one)))) cpSync(join(ROOT, name), join(folder, name), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'tmp'))
}

function change(folder: string, { file, find, replace }: PlantedBug['edits'][number]): void {
  const path = join(folder, file)
  const parts = readFileSync(path, 'utf8').split(find)
  if (parts.length !== 2) throw new Error(`${file} does not hold this exactly once: ${find}`)
  writeFileSync(path, parts.join(replace))
}

async function askHarness(folder: string, { from = 0, schedules }: PlantedBug, seed: string): Promise<Caught | undefined> {
  const args = [
    '--import',
    'tsx',
    'test/faults/main.ts',
    '--seed',
    seed,
    '--from',
    String(from),
    '--schedules',
    String(schedules),
    '--engine',
    'postgres',
  ]
  const { code, output } = await run(folder, args)
  const schedule = /VIOLATION in schedule (\d+)/.exec(output)?.[1]
  const rule = /RULE (.*)/.exec(output)?.[1]
  if (schedule && rule) return { by: rule, afterSchedules: Number(schedule) + 1 - from }
  if (code !== 0) print(`    (the harness ended with ${code}: ${output.trim().split('\n').slice(-3).join(' / ')})`)
  return undefined
}

async function askTests(folder: string, { tests }: PlantedBug): Promise<Caught | undefined> {
  for (const file of tests) {
    const { code, output } = await run(folder, [join('node_modules', 'jest', 'bin', 'jest.js'), '--forceExit', '--rootDir', folder, file])
    const name = /● (.*)/.exec(output)?.[1]
    if (code !== 0 && name) return { by: `\`${file}\`: ${name.split(' › ').at(-1) ?? name}` }
  }
  return undefined
}

async function run(folder: string, args: readonly string[]): Promise<{ code: number | null; output: string }> {
  // What a run leaves behind goes with the copy.
  const env = { ...process.env, TMPDIR: join(folder, 'tmp') }
  const child = spawn(process.execPath, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const hear = (part: Buffer): void => void (output += part.toString())
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const late = setTimeout(() => child.kill('SIGTERM'), LONGEST_MS)
  const [code] = (await once(child, 'close')) as [number | null]
  clearTimeout(late)
  return { code, output }
}

const print = (text: string): void => void process.stdout.write(`${text}\n`)

main().catch((error: unknown) => {
  console.error(error)
  process.exit(2)
})
