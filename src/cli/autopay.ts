import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import {
  beginRun,
  carryOutRun,
  listItems,
  makePlan,
  oddInvoices,
  organisationByVat,
  organisationsOf,
  readOrganisations,
  readRun,
  requireInvoice,
  takeIn,
  Unread,
  whyText,
} from '../autopay'
import type { ListedItem, OnFault, Outcome, Progress, Run, RunItem, Scope, WhyReader } from '../autopay'
import type { Author } from '../shared/actor'
import { MINUTE, SECOND } from '../shared/clock'
import { toDecimal } from '../shared/money'
import { may, requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { createTexts } from '../shared/texts'
import type { Parts } from '../wiring'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { addAutopayRuleCommands } from './autopay-rules'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Options extends AuthorOptions {
  readonly organisation?: string
  readonly invoice?: string
  readonly merchantOrder?: string
  readonly json?: boolean
}

/** `autopay plan` and `autopay run`, and the commands about rules and switches. */
export function addAutopayCommands(program: Command, config: ConfigFor): void {
  const autopay = program.command('autopay').description("an organisation's invoices, paid from the guarantee fund by rules")
  scoped(autopay.command('plan').description('show what would be paid now, in which order, why and why not; pays nothing')).action(
    (options: Options) => withParts(config('serve'), (parts) => showPlan(parts, options)),
  )
  scoped(autopay.command('run').description('read what is due, decide about it, pay what the rules allow')).action((options: Options) =>
    withParts(config('serve'), (parts) => runNow(parts, options)),
  )
  addAutopayRuleCommands(autopay, config)
}

const scoped = (command: Command): Command =>
  command
    .option('--organisation <number>', 'only this organisation, by its tax number')
    .option('--invoice <id>', 'only this invoice')
    .option('--merchant-order <number>', "only the invoices of this order, by the merchant's number")
    .option('--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor, where that person has one')
    .option('--json')

async function scopeOf({ db }: Parts, author: Author, options: Options): Promise<Scope> {
  const organisation = options.organisation === undefined ? undefined : await organisationByVat(db, author, options.organisation)
  return {
    ...(organisation && { organisationId: organisation.id }),
    ...(options.invoice !== undefined && { invoiceId: options.invoice }),
    ...(options.merchantOrder !== undefined && { merchantOrder: options.merchantOrder }),
  }
}

const note = (text: string): void => void process.stderr.write(`${text}\n`)

async function showPlan(parts: Parts, options: Options): Promise<void> {
  const author = await authorOf(parts, options)
  requirePermission(author, 'autopay.read')
  const scope = await scopeOf(parts, author, options)
  await takeIn(parts, await readOrganisations(parts.db), scope, (listed) => note(`${listed} invoices read`)).catch(unavailable)
  if (options.invoice !== undefined) await requireInvoice(parts.db, author, options.invoice)
  const organisationIds = (await organisationsOf(parts.db, author)).map(({ id }) => id)
  const { items: all, fund, fundAfter } = await makePlan(parts, { ...scope, organisationIds })
  const decided = all.map(({ invoice, decision }) => shown({ ...invoice, ...decision, invoiceId: invoice.id }, readerOf(author)))
  const items = [...decided, ...(await notUnderstood(parts, { ...scope, organisationIds }))]
  // What the fund has is not for everybody who may see invoices.
  const purse = may(author, 'fund.read') ? { fund: toDecimal(fund), fundAfter: toDecimal(fundAfter) } : undefined
  if (options.json) answer({ run: null, ...planned(items), items, ...purse }, options)
  else process.stdout.write(`${[...items.map(asText), ...(purse ? [leftText(purse)] : [])].join('\n')}\n`)
}

/** The same lists as a run has. */
function planned(items: readonly Shown[]): Record<Outcome, Shown[]> {
  const by = (...decisions: readonly string[]): Shown[] => items.filter(({ decision }) => decisions.includes(decision))
  return { paid: by('pay'), waiting: by('ask', 'wait', 'hold'), refused: by('refuse') }
}

const leftText = ({ fund, fundAfter }: { fund: string; fundAfter: string }): string =>
  `The fund above its floor: ${fund} RUB, afterwards ${fundAfter} RUB.`

/** What was read so far stays; the plan of half of the invoices would mislead. */
function unavailable(error: unknown): never {
  throw error instanceof Unread ? new Refusal('payments_unavailable', error.message) : error
}

async function runNow(parts: Parts, options: Options): Promise<void> {
  const author = await authorOf(parts, options)
  const scope = await scopeOf(parts, author, options)
  const run = await whenFree(parts, author, scope)
  const problem = await carryOutRun(parts, run, { onProgress: (_run, progress) => note(inWords(progress)), onFault: noteFault })
  const ended = await readRun(parts.db, run.id)
  if (options.invoice !== undefined && problem === null) await requireInvoice(parts.db, author, options.invoice)
  const items = await allItems(parts, run.id)
  const reader = readerOf(author)
  const lists = {
    paid: of(items, 'paid', reader),
    waiting: of(items, 'waiting', reader),
    refused: of(items, 'refused', reader),
  }
  if (options.json) answer({ run: run.id, ...lists }, options)
  else process.stdout.write(`${(['paid', 'waiting', 'refused'] as const).map((name) => listText(name, lists[name])).join('\n')}\n`)
  // Another process may have taken it over, while this one stood still, and ended it.
  if (ended?.state === 'done') return
  note(`The run did not come to its end: ${ended?.problem ?? problem ?? 'unknown'}.`)
  process.exitCode = 1
}

const PATIENCE_MS = 10 * MINUTE

/** A command keeps no log, so this is the only place where the fault is told. */
const noteFault: OnFault = ({ id, number }, error) =>
  note(`Invoice ${number} (${id}) could not be paid: ${error instanceof Error ? error.message : String(error)}`)

/** Runs follow one another; one whose process has died is over after some seconds. */
async function whenFree(parts: Parts, author: Author, scope: Scope): Promise<Run> {
  const giveUpAt = performance.now() + PATIENCE_MS
  for (let waited = false; ; waited = true) {
    try {
      const run = await beginRun(parts, { author, scope })
      if (run) return run
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'autopay_running') || performance.now() > giveUpAt) throw error
    }
    if (!waited) note('Another run is under way; this one begins when it has ended.')
    await pause(SECOND / 2)
  }
}

const PAGE = 500

async function allItems({ db }: Parts, runId: string): Promise<RunItem[]> {
  const all: ListedItem[] = []
  for (let after: number | undefined; ; after = all.at(-1)?.position) {
    const page = await listItems(db, runId, {}, { after, limit: PAGE })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

interface Shown {
  readonly invoiceId: string
  readonly number: string
  /** null where the invoice could not be understood. */
  readonly amount: string | null
  readonly decision: string
  readonly why: readonly string[]
}

/** The command line speaks English, as everywhere. */
const READER = { language: 'en', t: createTexts().translator('en') } as const

/** The command line itself may see everything. */
const readerOf = (staff: Author): WhyReader => ({ ...READER, staff })

type Told = Omit<RunItem, 'organisationId' | 'outcome'>

const shown = ({ invoiceId, number, amount, decision, why }: Told, reader: WhyReader): Shown => ({
  invoiceId,
  number,
  amount: amount && toDecimal(amount.minor),
  decision,
  why: why.map((line) => whyText(line, reader)),
})

/** They wait for a person, whatever the rules say. */
async function notUnderstood({ db }: Parts, scope: Scope & { readonly organisationIds: readonly string[] }): Promise<Shown[]> {
  return (await oddInvoices(db, scope)).map(({ id, number, problem }) => ({
    invoiceId: id,
    number,
    amount: null,
    decision: 'hold',
    why: [whyText({ code: 'not_understood', values: { problem: problem ?? '' } }, READER)],
  }))
}

const of = (items: readonly RunItem[], outcome: Outcome, reader: WhyReader): Shown[] =>
  items.filter((item) => item.outcome === outcome).map((item) => shown(item, reader))

const asText = ({ invoiceId, number, amount, decision, why }: Shown): string =>
  `${decision}  ${number || invoiceId}  ${amount ?? '—'}\n  ${why.join('\n  ')}`

const listText = (name: string, items: readonly Shown[]): string => [`${name}: ${items.length}`, ...items.map(asText)].join('\n')

const inWords = ({ step, listed, total, done }: Progress): string =>
  [step, listed !== undefined && `${listed} read`, done !== undefined && `${done} tried`, total !== undefined && `of ${total}`]
    .filter((part): part is string => typeof part === 'string')
    .join(', ')
