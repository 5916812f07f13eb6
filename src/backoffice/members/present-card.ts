import { movementName } from '../../members'
import type { HoldingLimits, Person, SpendingLimits, Statement, StatementPage } from '../../members'
import type { Spent } from '../../payments'
import type { StaffRole } from '../../shared/actor'
import { money, toDecimal } from '../../shared/money'
import { roleMay } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'
import { momentCell, momentText, toldAt } from '../reader'
import type { Reader, Row, Sentence } from '../reader'
import type { Table } from '../table'
import { shownLogin } from './mask'
import { MEMBERS_PATH, stateCell } from './present'

/** All that the card of a member tells. */
export interface Card {
  readonly statement: Statement
  readonly limits: HoldingLimits
  readonly spent: Spent
  /** Undefined where it is erased, or not for the reader's eyes. */
  readonly person: Person | undefined
  readonly isErased: boolean
  readonly role: StaffRole
}

/** What `views/backoffice/member.ejs` prints. */
export interface CardPage {
  readonly login: string
  readonly path: string
  readonly numbers: { readonly available: string; readonly held: string; readonly balance: string }
  /** One row: whether the member may pay, and the id. */
  readonly about: Table
  readonly locked: Sentence | null
  readonly person: { readonly rows: readonly Row[]; readonly note: Sentence }
  readonly limits: { readonly rows: readonly Row[]; readonly note: string; readonly fields: LimitFields; readonly own: boolean }
  readonly history: Table
  readonly links: readonly { readonly href: string; readonly text: string }[]
  /** The forms that the reader may send, as things stand. */
  readonly may: {
    readonly credit: boolean
    readonly debit: boolean
    readonly lock: boolean
    readonly unlock: boolean
    readonly limits: boolean
    readonly erase: boolean
  }
}

export function presentCard(card: Card, reader: Reader): CardPage {
  const { member, points } = card.statement
  const { t, language } = reader
  const path = `${MEMBERS_PATH}/${member.id}`
  const isLocked = member.lockedAt !== null && !card.isErased
  return {
    login: shownLogin(member.login, card.role),
    path,
    numbers: {
      available: formatMoney(points.available, language),
      held: formatMoney(points.held, language),
      balance: formatMoney(points.balance, language),
    },
    about: {
      caption: t('members.state'),
      columns: [{ label: t('members.state') }, { label: t('members.id') }],
      rows: [{ cells: [stateCell(member, t), { text: member.id }] }],
      empty: '',
    },
    locked: member.lockedAt && isLocked ? lockedTold(member.lockedAt, member.lockedReason, reader) : null,
    person: presentPerson(card, reader),
    limits: presentLimits(card, reader),
    history: presentHistory(card.statement, reader),
    links: linksOf(path, card, t),
    may: mayOf(card, member.lockedAt !== null),
  }
}

function lockedTold(at: Date, reason: string | null, reader: Reader): Sentence {
  const { t } = reader
  return toldAt(t('member.locked_since', { at: momentText(at, reader), reason: reason === null ? '—' : readReason(reason, t) }), at)
}

function mayOf({ role, isErased, statement }: Card, isLocked: boolean): CardPage['may'] {
  const may = (right: Parameters<typeof roleMay>[1]): boolean => !isErased && roleMay(role, right)
  return {
    credit: may('members.adjust'),
    // A payment that was cancelled after the erasure may have brought points back, which belong to nobody now.
    debit: roleMay(role, 'members.adjust') && (!isErased || statement.points.available.minor > 0n),
    lock: may('members.lock') && !isLocked,
    unlock: may('members.lock') && isLocked,
    limits: may('members.limits'),
    erase: may('members.erase'),
  }
}

function presentPerson({ person, isErased, role, statement }: Card, reader: Reader): CardPage['person'] {
  const { t } = reader
  const { erasedAt } = statement.member
  if (isErased) {
    const note = t('member.person_erased', { at: erasedAt ? momentText(erasedAt, reader) : '' })
    return { rows: [], note: erasedAt ? toldAt(note, erasedAt) : { text: note } }
  }
  if (!roleMay(role, 'members.read-personal')) return { rows: [], note: { text: t('member.person_masked') } }
  const row = (label: string, value: string | null | undefined): Row => ({ label, value: value ?? t('member.unknown') })
  return {
    rows: [row(t('member.full_name'), person?.fullName), row(t('member.email'), person?.email), row(t('member.phone'), person?.phone)],
    note: { text: t('member.person_note') },
  }
}

function presentLimits({ limits, spent }: Card, { t, language }: Reader): CardPage['limits'] {
  const points = (minor: bigint | null): string => (minor === null ? t('admin.unlimited') : formatMoney(money(minor, 'PTS'), language))
  return {
    rows: [
      { label: t('fact.per_payment'), value: points(limits.perPayment) },
      { label: t('fact.per_day'), value: points(limits.perDay) },
      { label: t('fact.per_month'), value: points(limits.perMonth) },
      { label: t('member.spent_day'), value: points(spent.day) },
      { label: t('member.spent_month'), value: points(spent.month) },
    ],
    note: t(limits.own ? 'member.limits_own' : 'member.limits_programme'),
    fields: limitFields(limits),
    own: limits.own,
  }
}

/** Limits as the fields of a form; no limit is an empty field. */
export interface LimitFields {
  readonly perPayment: string
  readonly perDay: string
  readonly perMonth: string
}

const field = (minor: bigint | null): string => (minor === null ? '' : toDecimal(minor))

export const limitFields = ({ perPayment, perDay, perMonth }: SpendingLimits): LimitFields => ({
  perPayment: field(perPayment),
  perDay: field(perDay),
  perMonth: field(perMonth),
})

const columnsOf = (t: Translate): Table['columns'] => [
  { label: t('statement.at') },
  { label: t('statement.what') },
  { label: t('statement.amount'), align: 'right' },
  { label: t('statement.balance_after'), align: 'right' },
]

function presentHistory({ history, receipts }: Statement, reader: Reader): Table {
  const { t, language } = reader
  const signed = (amount: bigint): string => `${amount > 0n ? '+' : ''}${formatMoney(money(amount, 'PTS'), language)}`
  return {
    caption: t('member.history'),
    columns: columnsOf(t),
    rows: history.entries.map(({ at, kind, amount, balanceAfter, reference }) => {
      const receipt = receipts.get(reference ?? '')
      const name = movementName(kind, receipt?.number, t)
      return {
        cells: [
          momentCell(at, reader),
          { text: name, ...(receipt && reference !== null && { href: `/admin/payments/${reference}` }) },
          { text: signed(amount) },
          { text: formatMoney(money(balanceAfter, 'PTS'), language) },
        ],
      }
    }),
    empty: t('member.history_empty'),
  }
}

/** The movements of a statement as staff see them: a payment leads to its own card. */
export const presentMovements = ({ lines, olderHref, newestHref }: StatementPage, t: Translate): Table => ({
  caption: t('statement.movements'),
  columns: columnsOf(t),
  rows: lines.map(({ at, atUtc, what, amount, balanceAfter, reference }) => ({
    cells: [
      { text: at, title: atUtc },
      { text: what, ...(reference !== null && { href: `/admin/payments/${reference}` }) },
      { text: amount },
      { text: balanceAfter },
    ],
  })),
  empty: t('statement.empty'),
  ...(olderHref && { olderHref }),
  ...(newestHref && { newestHref }),
})

function linksOf(path: string, { role, statement, isErased }: Card, t: Translate): CardPage['links'] {
  const { id } = statement.member
  const link = (isShown: boolean, href: string, text: string): { href: string; text: string }[] => (isShown ? [{ href, text }] : [])
  return [
    ...link(roleMay(role, 'members.statement'), `${path}/statement`, t('member.statement')),
    ...link(roleMay(role, 'payments.read'), `/admin/payments?member=${id}`, t('member.payments')),
    ...link(roleMay(role, 'audit.read'), `/admin/audit?subject=${encodeURIComponent(`member:${id}`)}`, t('member.audit')),
    ...link(isErased && roleMay(role, 'audit.read'), `${path}/erasure`, t('member.proof')),
  ]
}
