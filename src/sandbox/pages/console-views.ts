import type { Request, RequestHandler, Response, Router } from 'express'
import express from 'express'
import { presentFault } from '../control/faults'
import { rateText } from '../control/settings'
import { toDecimal } from '../state/money'
import { FAULT_KIND_NAMES, FAULT_SCOPES, isSpent } from '../state/faults'
import type { Fault } from '../state/faults'
import { MAIN_CURRENCY } from '../state/fund'
import type { Fund } from '../state/fund'
import { INVOICE_STATUSES } from '../state/invoices'
import type { JournalEntry } from '../state/journal'
import { MINAPP_RETURNS, NOTIFICATION_ALGORITHMS, RATE_LIMITERS, RETURN_LINKS } from '../state/settings'
import type { Settings } from '../state/settings'
import type { World } from '../state/world'
import { notifications, orders } from './console-merchant'
import { pageOf, render } from './page'
import type { Page } from './page'
import { invoiceRow, momentText, moneyText, newestInvoices } from './present'

const INVOICES_A_PAGE = 50
const REQUESTS_SHOWN = 100
const ENTRIES_SHOWN = 100
const CURRENCIES = ['RUB', 'USD', 'EUR', 'GBP', 'CNY', 'UZS']

type Model = Readonly<Record<string, unknown>>

function overview(world: World, { lang }: Page): Model {
  const [latest] = world.journal.newest(1)
  const fund = world.funds.get(MAIN_CURRENCY)
  return {
    invoices: world.invoices.size,
    faults: world.faults.filter((fault) => !isSpent(fault)).length,
    latest: latest ? `${latest.method} ${latest.path}` : null,
    now: momentText(world.clock.now(), lang),
    fund: fund ? moneyText(fund.balance, fund.currencyId, lang) : '',
  }
}

function invoices(world: World, page: Page, req: Request): Model {
  const asked = Number(req.query['page'])
  const last = Math.max(1, Math.ceil(world.invoices.size / INVOICES_A_PAGE))
  const number = Number.isInteger(asked) ? Math.min(Math.max(asked, 1), last) : 1
  const pathOf = (to: number): string => page.href(`/_sandbox/console/invoices?page=${to}`)
  return {
    invoices: newestInvoices(world, (number - 1) * INVOICES_A_PAGE, INVOICES_A_PAGE).map((invoice) => invoiceRow(world, invoice, page)),
    total: page.t.console.invoices.total(world.invoices.size),
    newerPath: number > 1 ? pathOf(number - 1) : null,
    olderPath: number < last ? pathOf(number + 1) : null,
    currencies: CURRENCIES,
    statuses: INVOICE_STATUSES.map((status) => ({ status, text: page.t.statuses[status] })),
  }
}

const FAULT_COLUMNS = ['id', 'on', 'kind', 'times', 'used', 'origin', 'isProcessed', 'invoiceId']

/** What of a fault has no column of its own, in one line. */
function faultDetails(fault: Fault): string {
  const rest = Object.entries(presentFault(fault)).filter(([name]) => !FAULT_COLUMNS.includes(name))
  return rest.map(([name, value]) => `${name}: ${String(value)}`).join(', ')
}

function faults(world: World, page: Page): Model {
  return {
    faults: [...world.faults].reverse().map((fault) => ({ ...fault, isSpent: isSpent(fault), details: faultDetails(fault) })),
    scopes: FAULT_SCOPES,
    kinds: FAULT_KIND_NAMES.map((kind) => ({ kind, text: page.t.faultKinds[kind] })),
  }
}

const requestRow = (entry: JournalEntry) => ({
  ...entry,
  at: entry.at.toISOString().slice(11, 23),
  headers: Object.entries(entry.headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n'),
})

const requests = (world: World): Model => ({ requests: world.journal.newest(REQUESTS_SHOWN).map(requestRow) })

const clock = (world: World, page: Page): Model => ({
  now: momentText(world.clock.now(), page.lang),
  nowValue: world.clock.now().toISOString().slice(0, 16),
  offset: page.t.console.clock.offset(world.clock.offsetSeconds()),
})

const fundView = (fund: Fund, { lang, t }: Page) => ({
  currencyId: fund.currencyId,
  balance: moneyText(fund.balance, fund.currencyId, lang),
  overdraft: moneyText(fund.overdraft, fund.currencyId, lang),
  available: moneyText(fund.balance + fund.overdraft, fund.currencyId, lang),
  balanceValue: toDecimal(fund.balance),
  overdraftValue: toDecimal(fund.overdraft),
  entries: fund.entries
    .slice(-ENTRIES_SHOWN)
    .reverse()
    .map((entry) => ({
      at: momentText(entry.at, lang),
      kind: t.console.fund.kinds[entry.kind],
      amount: moneyText(entry.amount, fund.currencyId, lang),
      balance: moneyText(entry.balance, fund.currencyId, lang),
      invoiceId: entry.invoiceId,
    })),
})

const fund = (world: World, page: Page): Model => ({ funds: [...world.funds.values()].map((one) => fundView(one, page)) })

/** The control that fits a setting: a box to tick, a list, four names, or a line of text. */
function settingField(name: keyof Settings, world: World, { t }: Page) {
  const value = world.settings[name]
  const common = { name, about: t.settings[name] }
  if (typeof value === 'boolean') return { ...common, control: 'flag', value }
  if (name === 'returnLinks') return { ...common, control: 'choice', value, options: RETURN_LINKS }
  if (name === 'notificationAlgorithm') return { ...common, control: 'choice', value, options: NOTIFICATION_ALGORITHMS }
  if (name === 'refundAfterMs')
    return { ...common, control: 'text', value: world.settings.refundAfterMs === null ? 'off' : String(world.settings.refundAfterMs) }
  if (name === 'minappReturn') return { ...common, control: 'choice', value, options: MINAPP_RETURNS }
  if (name === 'minapps') return { ...common, control: 'text', value: value ? JSON.stringify(value) : 'default' }
  if (name === 'rateLimiter') return { ...common, control: 'choice', value, options: RATE_LIMITERS }
  if (name === 'queryNames') return { ...common, control: 'text', value: Object.values(world.settings.queryNames).join(' ') }
  if (name === 'rateLimit') return { ...common, control: 'text', value: rateText(world.settings.rateLimit) ?? 'off' }
  return { ...common, control: 'text', value: typeof value === 'object' ? '' : String(value) }
}

const settings = (world: World, page: Page): Model => ({
  settings: (Object.keys(world.settings) as (keyof Settings)[]).map((name) => settingField(name, world, page)),
})

type TabModel = (world: World, page: Page, req: Request) => Model

const TABS = { overview, invoices, orders, notifications, faults, requests, clock, fund, settings } as const satisfies Record<
  string,
  TabModel
>
type Tab = keyof typeof TABS

const tabPath = (tab: Tab): string => (tab === 'overview' ? '/_sandbox/' : `/_sandbox/console/${tab}`)

function tabLinks(page: Page, current: Tab) {
  return (Object.keys(TABS) as Tab[]).map((tab) => ({
    href: page.href(tabPath(tab)),
    text: page.t.console.tabs[tab],
    isCurrent: tab === current,
  }))
}

const showTab =
  (world: World, tab: Tab): RequestHandler =>
  (req: Request, res: Response) => {
    const page = pageOf(req)
    const model: TabModel = TABS[tab]
    render(req, res, `console/${tab}`, { tabs: tabLinks(page, tab), tabTitle: page.t.console.tabs[tab], ...model(world, page, req) })
  }

/** The console: one page per thing that the control interface can do. Mounted under `/_sandbox`. */
export function consolePages(world: World): Router {
  const pages = express.Router({ caseSensitive: true })
  pages.get('/', showTab(world, 'overview'))
  for (const tab of Object.keys(TABS) as Tab[]) {
    if (tab !== 'overview') pages.get(`/console/${tab}`, showTab(world, tab))
  }
  return pages
}
