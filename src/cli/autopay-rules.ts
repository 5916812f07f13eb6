import { readFile, stat } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import {
  applyImport,
  exportRules,
  LARGEST_FILE,
  organisationByVat,
  organisationsOf,
  parseRuleFile,
  planImport,
  switchAutopay,
  writeRuleFile,
} from '../autopay'
import type { Imported, Organisation, RuleEntry, RuleImportPlan, SwitchState } from '../autopay'
import type { Author } from '../shared/actor'
import { newId } from '../shared/ids'
import { NotMoney, parsePositiveMoney, toDecimal } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import type { Parts } from '../wiring'
import { tellIfWaiting, WAITS } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { AS, CODE, KEY } from './member-deed'
import { nextLine } from './next-line'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'
import { faultLines, outcomeLines, planLines, shownPlan } from './tell-import'

/** Rules, organisations and the switch of automatic payment. */
export function addAutopayRuleCommands(autopay: Command, config: ConfigFor): void {
  const rules = autopay.command('rules').description('which invoices are paid by themselves, and up to how much')
  addImport(rules, config)
  addExport(rules, config)
  addOrganisations(autopay, config)
  for (const { name, state, what } of SWITCHES) addSwitch(autopay, config, name, state, what)
}

interface ImportOptions extends AuthorOptions {
  yes?: boolean
  prune?: boolean
  json?: boolean
  reason: string
}

function addImport(rules: Command, config: ConfigFor): void {
  rules
    .command('import <file>')
    .description(
      'compare a YAML or JSON file with the rules there are, show what would change, and apply it once agreed; - reads standard input',
    )
    .option('--yes', 'apply without asking')
    .option('--prune', 'remove rules of the same organisations that the file does not name')
    .option('--reason <text>', 'why', 'Import, by command line')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((file: string, options: ImportOptions) => withParts(config(), (parts) => importFile(parts, file, options)))
}

async function importFile(parts: Parts, file: string, options: ImportOptions): Promise<void> {
  const parsed = await readRules(file)
  if ('problems' in parsed) {
    fail(parsed.problems)
    return
  }
  const author = await authorOf(parts, options)
  requirePermission(author, 'autopay.rules') // Trying the rules takes a while, and each of them would be refused.
  const planned = await planImport({ ...parts, zone: parts.config.timeZone }, parsed.entries, author)
  if ('faults' in planned) fail(faultLines(planned.faults))
  else await applyAgreed(parts, planned.plan, author, options)
}

async function applyAgreed(parts: Parts, plan: RuleImportPlan, author: Author, options: ImportOptions): Promise<void> {
  if (!options.json) process.stdout.write(`${planLines(plan, options.prune === true).join('\n')}\n`)
  const isNothing = !isChange(plan, options)
  if (isNothing || !(await isAgreed(options))) {
    tell(plan, isNothing ? NOTHING_TO_DO : undefined, options)
    if (!isNothing) process.exitCode = 1
    return
  }
  const deps = { ...parts, zone: parts.config.timeZone }
  const outcome = await applyImport(deps, plan, { author, reason: options.reason, prune: options.prune === true })
  tell(plan, outcome, options)
  if (outcome.refused.length > 0) process.exitCode = 1
  else if (outcome.waiting.length > 0) process.exitCode = WAITS
}

const NOTHING_TO_DO: Imported = { applied: [], refused: [], waiting: [], removed: [] }

const isChange = ({ imports, gone }: RuleImportPlan, { prune }: ImportOptions): boolean =>
  imports.some(({ kind }) => kind !== 'unchanged') || (prune === true && gone.length > 0)

type Parsed = { readonly entries: readonly RuleEntry[] } | { readonly problems: readonly string[] }

async function readRules(file: string): Promise<Parsed> {
  const text = await readText(file)
  if (text === undefined) return { problems: ['This file cannot be read.'] }
  const checked = parseRuleFile(text)
  return checked.ok ? { entries: checked.value } : { problems: faultLines(checked.faults) }
}

/** What is far too large is not even read; the reader refuses it by its size. */
async function readText(file: string): Promise<string | undefined> {
  if (file === '-') return readStandardInput()
  try {
    if ((await stat(file)).size > LARGEST_FILE) return ' '.repeat(LARGEST_FILE + 1)
    return await readFile(file, 'utf8')
  } catch {
    return undefined
  }
}

async function readStandardInput(): Promise<string> {
  let text = ''
  for await (const piece of process.stdin as AsyncIterable<Buffer | string>) {
    text += String(piece)
    if (text.length > LARGEST_FILE) break
  }
  return text
}

function fail(problems: readonly string[]): void {
  process.stderr.write(`${['Nothing was changed:', ...problems].join('\n')}\n`)
  process.exitCode = 1
}

/** Without a person at the other end nobody agrees. */
async function isAgreed({ yes, json }: ImportOptions): Promise<boolean> {
  if (yes) return true
  if (json) return false
  process.stderr.write('Apply this? [y/N] ')
  return /^(y|yes|д|да)$/i.test((await nextLine()).trim())
}

/** @param outcome undefined when nobody agreed */
function tell(plan: RuleImportPlan, outcome: Imported | undefined, { json = false, prune = false }: ImportOptions): void {
  if (!json) {
    process.stdout.write(`${outcomeLines(outcome).join('\n')}\n`)
    return
  }
  const { refused, waiting } = outcome ?? NOTHING_TO_DO
  const applied = outcome !== undefined && refused.length === 0
  const removed = outcome?.removed.map(({ body }) => body.name)
  answer({ applied, ...shownPlan(plan, prune), ...(removed && { removed }), waiting, refused }, { json })
}

interface ExportOptions extends AuthorOptions {
  organisation?: string
  json?: boolean
}

function addExport(rules: Command, config: ConfigFor): void {
  rules
    .command('export')
    .description('print the rules in the form that import reads')
    .option('--organisation <number>', 'only those of this organisation, by its tax number')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((options: ExportOptions) =>
      withParts(config(), async (parts) => {
        const author = await authorOf(parts, options)
        const entries = await exportRules(parts, author, await idOf(parts, author, options.organisation))
        process.stdout.write(writeRuleFile(entries, { json: options.json === true }))
      }),
    )
}

const idOf = async ({ db }: Parts, author: Author, vatNumber: string | undefined): Promise<string | undefined> =>
  vatNumber === undefined ? undefined : (await organisationByVat(db, author, vatNumber)).id

const SWITCHES = [
  { name: 'on', state: 'on', what: 'let invoices pay themselves; releases a stop' },
  { name: 'off', state: 'off', what: 'let nothing pay itself any more' },
  { name: 'stop', state: 'stopped', what: 'the emergency brake: nothing more is begun from this moment on, in the middle of a run too' },
] as const satisfies readonly { name: string; state: SwitchState; what: string }[]

interface SwitchOptions extends ExportOptions {
  reason: string
}

function addSwitch(autopay: Command, config: ConfigFor, name: string, state: SwitchState, what: string): void {
  autopay
    .command(name)
    .description(`${what}; of all organisations unless one is named`)
    .option('--organisation <number>', 'only this organisation, by its tax number')
    .option('--reason <text>', 'why', 'By command line')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((options: SwitchOptions) =>
      withParts(config(), async (parts) => {
        const author = await authorOf(parts, options)
        const organisationId = await idOf(parts, author, options.organisation)
        await switchAutopay(parts, { state, organisationId, author, reason: options.reason })
        answer((await organisationsOf(parts.db, author)).map(shown), options)
      }),
    )
}

const shown = ({ vatNumber, name, autopay, perDay, perMonth }: Organisation): object => ({
  organisation: vatNumber,
  name,
  autopay: autopay.state,
  perDay: perDay === null ? null : toDecimal(perDay),
  perMonth: perMonth === null ? null : toDecimal(perMonth),
})

interface AddOptions extends SwitchOptions {
  name: string
  perDay?: string
  perMonth?: string
  key?: string
}

function addOrganisations(autopay: Command, config: ConfigFor): void {
  const organisations = autopay.command('organisations').description('whose invoices are paid')
  organisations
    .command('list', { isDefault: true })
    .description('list organisations with their switches and budgets')
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((options: ExportOptions) =>
      withParts(config(), async (parts) => answer((await organisationsOf(parts.db, await authorOf(parts, options))).map(shown), options)),
    )
  organisations
    .command('add <number>')
    .description('add an organisation by its tax number; its automatic payment is off')
    .requiredOption('--name <name>')
    .option('--per-day <roubles>', 'budget for a day')
    .option('--per-month <roubles>', 'budget for a month')
    .option('--reason <text>', 'why', 'By command line')
    .option(...KEY)
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((number: string, options: AddOptions) => withParts(config(), (parts) => addOrganisation(parts, number, options)))
}

/** The option that is wrong is named. */
function budget(option: string, typed: string | undefined): string | null {
  if (typed === undefined) return null
  try {
    return toDecimal(parsePositiveMoney(typed, 'RUB').minor)
  } catch (error) {
    throw error instanceof NotMoney ? new InvalidArgumentError(`${option}: ${error.message}`) : error
  }
}

async function addOrganisation(parts: Parts, vatNumber: string, options: AddOptions): Promise<void> {
  const { name, reason, key = newId() } = options
  const budgets = { perDay: budget('--per-day', options.perDay), perMonth: budget('--per-month', options.perMonth) }
  const payload = { organisationId: newId(), name, vatNumber, ...budgets, steps: '', staff: '' }
  const author = await authorOf(parts, options)
  const submitted = await parts.approvals.submit(parts.deeds.organisations.change, { payload, author, reason, key })
  if (!tellIfWaiting(submitted, options)) answer((await organisationsOf(parts.db, author)).map(shown), options)
}
