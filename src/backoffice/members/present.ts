import type { ListedMember, Member, MemberState } from '../../members'
import type { StaffRole } from '../../shared/actor'
import { csvMoment } from '../../shared/csv'
import { money, toDecimal } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import type { Translate } from '../../shared/texts'
import { listHref } from '../filters'
import { amountHead, momentCell, timeHead } from '../reader'
import type { Reader } from '../reader'
import type { Cell, Table } from '../table'
import { shownLogin } from './mask'

export const MEMBERS_PATH = '/admin/members'

/** What the list was asked for. */
export interface MembersQuery {
  readonly q?: string | undefined
  readonly state?: MemberState | undefined
  readonly before?: string | undefined
}

interface MemberList {
  readonly members: readonly ListedMember[]
  readonly hasMore: boolean
  readonly query: MembersQuery
  readonly role: StaffRole
}

export function presentMembers({ members, hasMore, query, role }: MemberList, reader: Reader): Table {
  const { t } = reader
  const { q, state, before } = query
  const last = members.at(-1)
  const isFiltered = (q ?? '') !== '' || state !== undefined
  return {
    caption: t('members.heading'),
    columns: [
      { label: t('members.login') },
      { label: t('members.state') },
      { label: t('members.available'), align: 'right' },
      { label: t('members.held'), align: 'right' },
      { label: t('members.added') },
    ],
    rows: members.map((listed) => toRow(listed, role, reader)),
    empty: t(isFiltered ? 'members.none' : 'members.empty'),
    ...(hasMore && last && !q && { olderHref: listHref(MEMBERS_PATH, { state, before: last.member.id }) }),
    ...(before !== undefined && { newestHref: listHref(MEMBERS_PATH, { state }) }),
  }
}

const toRow = ({ member, createdAt, available, held }: ListedMember, role: StaffRole, reader: Reader): Table['rows'][number] => ({
  href: `${MEMBERS_PATH}/${member.id}`,
  cells: [
    { text: shownLogin(member.login, role), title: member.id },
    stateCell(member, reader.t),
    { text: formatMoney(money(available, 'PTS'), reader.language) },
    { text: formatMoney(money(held, 'PTS'), reader.language) },
    momentCell(createdAt, reader),
  ],
})

/** Whether a member may pay, as an icon and a word. */
export function stateCell({ lockedAt, erasedAt }: Member, t: Translate): Cell {
  if (erasedAt) return { text: t('members.state.erased'), mark: 'off' }
  return lockedAt ? { text: t('members.state.locked'), mark: 'bad' } : { text: t('members.state.active'), mark: 'good' }
}

export const memberHeader = (reader: Reader): string[] => [
  reader.t('members.id'),
  reader.t('members.login'),
  reader.t('members.state'),
  amountHead(reader.t('members.available'), 'PTS', reader),
  amountHead(reader.t('members.held'), 'PTS', reader),
  timeHead(reader.t('members.added'), reader),
]

/** One line of the export: what the list shows. */
export const memberCells = ({ member, createdAt, available, held }: ListedMember, role: StaffRole, { t, zone }: Reader): string[] => [
  member.id,
  shownLogin(member.login, role),
  stateCell(member, t).text,
  toDecimal(available),
  toDecimal(held),
  csvMoment(createdAt, zone),
]
