import type { StaffRole } from '../../shared/actor'
import { formatMoney } from '../../shared/texts/format'
import { amountText, numberText, stateCell } from '../autopay/present-queue'
import { shownLogin } from '../members/mask'
import { ordersTable } from '../orders/present-list'
import { STATE_MARKS, stateName } from '../payments/present-list'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { numberCell } from '../table'
import type { Table } from '../table'
import { MOST_FOUND } from './find-anything'
import type { Found } from './find-anything'

/** What `views/backoffice/search.ejs` prints. */
export interface SearchPage {
  readonly heading: string
  readonly members: Table | null
  readonly payments: Table | null
  readonly orders: Table | null
  readonly invoices: Table | null
  readonly organisations: Table | null
  readonly more: string | null
}

export function presentSearch(typed: string, found: Found, role: StaffRole, reader: Reader): SearchPage {
  const { t } = reader
  const { members, payments, orders, invoices, organisations } = found
  const isEmpty = [members, payments, orders, invoices, organisations].every(({ length }) => length === 0)
  return {
    heading: typed === '' ? t('search.empty') : t(isEmpty ? 'search.nothing' : 'search.found', { text: typed }),
    members: members.length > 0 ? membersTable(members, role, reader) : null,
    payments: payments.length > 0 ? paymentsTable(payments, reader) : null,
    orders: orders.length > 0 ? ordersTable(orders, reader) : null,
    invoices: invoices.length > 0 ? invoicesTable(invoices, reader) : null,
    organisations: organisations.length > 0 ? organisationsTable(organisations, reader) : null,
    more: found.hasMore ? t('search.more', { amount: String(MOST_FOUND) }) : null,
  }
}

const membersTable = (members: Found['members'], role: StaffRole, { t }: Reader): Table => ({
  caption: t('search.members'),
  columns: [{ label: t('search.login') }, { label: t('search.member_state') }, { label: t('search.member_id') }],
  rows: members.map(({ id, login, lockedAt }) => ({
    href: `/admin/members/${id}`,
    cells: [
      { text: shownLogin(login, role) },
      lockedAt ? { text: t('search.locked'), mark: 'bad' as const } : { text: t('search.active'), mark: 'good' as const },
      { text: id },
    ],
  })),
  empty: '',
})

const invoicesTable = (invoices: Found['invoices'], reader: Reader): Table => ({
  caption: reader.t('search.invoices'),
  columns: [
    { label: reader.t('search.invoice') },
    { label: reader.t('search.state') },
    { label: reader.t('search.amount'), align: 'right' },
  ],
  rows: invoices.map((invoice) => ({
    href: `/admin/autopay/invoices/${invoice.id}`,
    cells: [numberCell(numberText(invoice)), stateCell(invoice, reader), { text: amountText(invoice.amount, reader) }],
  })),
  empty: '',
})

const organisationsTable = (organisations: Found['organisations'], { t }: Reader): Table => ({
  caption: t('search.organisations'),
  columns: [{ label: t('autopay.organisations.name') }, { label: t('autopay.organisations.vat') }],
  rows: organisations.map(({ id, name, vatNumber }) => ({
    href: `/admin/autopay/organisations/${id}`,
    cells: [{ text: name }, { text: vatNumber }],
  })),
  empty: '',
})

const paymentsTable = (payments: Found['payments'], reader: Reader): Table => ({
  caption: reader.t('search.payments'),
  columns: [
    { label: reader.t('search.invoice') },
    { label: reader.t('search.state') },
    { label: reader.t('search.points'), align: 'right' },
    { label: reader.t('search.amount'), align: 'right' },
    { label: reader.t('search.created') },
  ],
  rows: payments.map(({ id, label, state, points, amount, createdAt }) => ({
    href: `/admin/payments/${id}`,
    cells: [
      { text: label },
      { text: stateName(state, reader.t), mark: STATE_MARKS[state] },
      { text: formatMoney(points, reader.language) },
      { text: formatMoney(amount, reader.language) },
      momentCell(createdAt, reader),
    ],
  })),
  empty: '',
})
