import { isByDeadline, MOST_COUNTED, TABS, whyText } from '../../autopay'
import type { KeptInvoice, Organisation, Queue, Tab, Why, WhyReader } from '../../autopay'
import { toDecimal } from '../../shared/money'
import type { Money } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import { chipsOf, listHref } from '../filters'
import type { Chip } from '../filters'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { numberCell } from '../table'
import type { Cell, Mark } from '../table'
import { INVOICES, QUEUE } from './desk'
import type { QueueQuery } from './filter-fields'
import { whyCell } from './why-cell'

export interface TabLink {
  readonly href: string
  readonly text: string
  readonly current: boolean
}

/** More than a thousand are not counted. */
export const countText = (count: number, { t }: Pick<Reader, 't'>): string =>
  count > MOST_COUNTED ? t('autopay.more_than', { count: String(MOST_COUNTED) }) : String(count)

export const tabPath = (tab: Tab): string => `${QUEUE}/${tab}`

/** The queues with how many invoices each holds. */
export const presentTabs = (counts: Readonly<Record<Tab, number>>, current: Tab | null, reader: Reader): TabLink[] =>
  TABS.map((tab) => ({
    href: tabPath(tab),
    text: reader.t('autopay.tab_count', { tab: reader.t(`autopay.tab.${tab}`), count: countText(counts[tab], reader) }),
    current: tab === current,
  }))

const MARKS: Readonly<Record<Queue, Mark>> = {
  new: 'wait',
  ask: 'wait',
  due: 'wait',
  paying: 'wait',
  exception: 'bad',
  paid: 'good',
  closed: 'off',
}

export function stateCell({ queue, nextStep }: Pick<KeptInvoice, 'queue' | 'nextStep'>, { t }: Pick<Reader, 't'>): Cell & { mark: Mark } {
  const text = queue === 'ask' ? t('autopay.state.ask', { step: String((nextStep ?? 0) + 1) }) : t(`autopay.state.${queue}`)
  return { text, mark: MARKS[queue] }
}

export const amountText = (amount: Money | null, { language }: Pick<Reader, 'language'>): string =>
  amount === null ? '—' : formatMoney(amount, language)

export const numberText = ({ number, id }: Pick<KeptInvoice, 'number' | 'id'>): string => number || id.slice(0, 8)

/** One line of a queue. Those that the reader may sign can be picked. */
export interface QueueItem {
  readonly href: string
  readonly number: Cell
  readonly pick: { readonly value: string; readonly label: string } | null
  readonly organisation: string
  readonly description: string
  readonly amount: string
  readonly due: Cell
  readonly state: Cell
}

export interface QueueView {
  readonly tab: Tab
  readonly invoices: readonly KeptInvoice[]
  /** Why each stands under Exceptions, by its id; of other queues nothing. */
  readonly reasons: ReadonlyMap<string, Why>
  readonly hasMore: boolean
  readonly organisations: readonly Organisation[]
  readonly query: QueueQuery
  readonly before: string | undefined
  readonly mayExport: boolean
}

export interface QueuePage {
  readonly heading: string
  readonly items: readonly QueueItem[]
  /** Whether states are told in sentences. */
  readonly tellsWhy: boolean
  readonly filters: Readonly<Record<string, string>>
  readonly organisations: readonly { readonly value: string; readonly text: string }[]
  readonly chips: readonly Chip[]
  readonly path: string
  readonly exportHref: string | null
  /** What the ways to the rest of the list and to its beginning are called: earlier ones, or later deadlines. */
  readonly older: string
  readonly newest: string
  readonly olderHref: string | null
  readonly newestHref: string | null
}

export function presentQueue(view: QueueView, reader: Reader): QueuePage {
  const { tab, invoices, hasMore, query, before, organisations } = view
  const { t } = reader
  const path = tabPath(tab)
  const names = new Map(organisations.map(({ id, name }) => [id, name]))
  const last = invoices.at(-1)
  const labels = {
    organisation: (id: string) => names.get(id) ?? id,
    number: (text: string) => `${t('autopay.queue.number')}: ${text}`,
    least: (text: string) => `${t('autopay.queue.least')}: ${text}`,
    most: (text: string) => `${t('autopay.queue.most')}: ${text}`,
  }
  return {
    heading: t(`autopay.tab.${tab}`),
    items: invoices.map((invoice) => itemOf(invoice, { tab, names, why: view.reasons.get(invoice.id) }, reader)),
    tellsWhy: view.reasons.size > 0,
    filters: Object.fromEntries(Object.entries(query).map(([name, value]) => [name, value ?? ''])),
    organisations: [
      { value: '', text: t('autopay.queue.all_organisations') },
      ...organisations.map(({ id, name }) => ({ value: id, text: name })),
    ],
    chips: chipsOf(path, query, labels),
    path,
    exportHref: view.mayExport ? listHref(`${QUEUE}.csv`, { tab, ...query }) : null,
    older: reader.t(isByDeadline(tab) ? 'admin.next' : 'admin.older'),
    newest: reader.t(isByDeadline(tab) ? 'admin.first_page' : 'admin.newest'),
    olderHref: hasMore && last ? listHref(path, { ...query, before: last.place }) : null,
    newestHref: before === undefined ? null : listHref(path, query),
  }
}

interface Shown {
  readonly tab: Tab
  readonly names: ReadonlyMap<string, string>
  readonly why: Why | undefined
}

function itemOf(invoice: KeptInvoice, { tab, names, why }: Shown, reader: Reader): QueueItem {
  const { id, organisationId, description, amount, dueAt } = invoice
  const state = stateCell(invoice, reader)
  const number = numberText(invoice)
  const isPickable = tab === 'mine' && amount !== null
  return {
    href: `${INVOICES}/${id}`,
    number: numberCell(number),
    pick: isPickable ? { value: `${id}=${toDecimal(amount.minor)}`, label: reader.t('autopay.queue.pick', { number }) } : null,
    organisation: names.get(organisationId) ?? '—',
    description,
    amount: amountText(amount, reader),
    due: dueAt === null ? { text: '—' } : momentCell(dueAt, reader),
    state: why ? { ...state, ...whyCell(why, reader) } : state,
  }
}

export const QUEUE_HEADER = ['invoice', 'number', 'organisation', 'amount', 'currency', 'description', 'due', 'state', 'why']

/** One row of the export: times in UTC, amounts as decimals. */
export const queueCells = (invoice: KeptInvoice, { names, why }: Omit<Shown, 'tab'>, reader: WhyReader): string[] => [
  invoice.id,
  invoice.number,
  names.get(invoice.organisationId) ?? invoice.organisationId,
  invoice.amount === null ? '' : toDecimal(invoice.amount.minor),
  invoice.amount?.unit ?? '',
  invoice.description,
  invoice.dueAt?.toISOString() ?? '',
  invoice.queue,
  why ? whyText(why, reader) : '',
]
