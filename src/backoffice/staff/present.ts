import { STAFF_ROLES } from '../../shared/actor'
import type { StaffActor } from '../../shared/actor'
import { may } from '../../shared/permissions'
import type { Translate } from '../../shared/texts'
import type { StaffMember, StaffSession } from '../../staff'
import { listHref } from '../filters'
import { cellRow, momentCell, momentRow } from '../reader'
import type { Reader, Row } from '../reader'
import type { Cell, Table } from '../table'

export interface Choice {
  readonly value: string
  readonly text: string
}

export const roleChoices = (t: Translate): Choice[] => STAFF_ROLES.map((role) => ({ value: role, text: t(`role.${role}`) }))

export interface StaffList {
  readonly staff: readonly StaffMember[]
  readonly hasMore: boolean
  readonly paged: boolean
  /** Whether somebody of this role cannot sign in without a second factor. */
  readonly needsFactor: (staff: StaffMember) => boolean
}

export function presentStaff({ staff, hasMore, paged, needsFactor }: StaffList, reader: Reader): Table {
  const { t } = reader
  const last = staff.at(-1)
  return {
    caption: t('staff.heading'),
    columns: (['login', 'role', 'state', 'factor', 'since'] as const).map((name) => ({ label: t(`staff.${name}`) })),
    rows: staff.map((one) => ({
      href: `/admin/staff/${one.id}`,
      cells: [
        { text: one.login },
        { text: t(`role.${one.role}`) },
        stateCell(one, t),
        factorCell(one, needsFactor(one), t),
        momentCell(one.createdAt, reader),
      ],
    })),
    empty: t('staff.empty'),
    ...(hasMore && last && { olderHref: listHref('/admin/staff', { after: last.login }) }),
    ...(paged && { newestHref: '/admin/staff' }),
  }
}

function stateCell({ disabledAt, awaitsSetup }: StaffMember, t: Translate): Cell {
  if (disabledAt !== null) return { text: t('staff.disabled'), mark: 'off' }
  return awaitsSetup ? { text: t('staff.awaits'), mark: 'wait' } : { text: t('staff.active'), mark: 'good' }
}

function factorCell({ hasFactor }: StaffMember, isNeeded: boolean, t: Translate): Cell {
  if (hasFactor) return { text: t('staff.factor_set'), mark: 'good' }
  return isNeeded ? { text: t('staff.factor_missing'), mark: 'wait' } : { text: t('staff.factor_none'), mark: 'off' }
}

/** What `views/backoffice/staff-member.ejs` prints. */
export interface StaffCard {
  readonly id: string
  readonly login: string
  readonly rows: readonly Row[]
  readonly sessions: Table
  readonly roles: readonly Choice[]
  readonly role: string
  /** The forms that make sense for this person and this reader, by the end of their path. */
  readonly forms: readonly { readonly path: string; readonly submit: string }[]
  readonly mayChange: boolean
  readonly mayIssueCode: boolean
}

export interface StaffView {
  readonly staff: StaffMember
  readonly sessions: readonly StaffSession[]
  readonly isFactorNeeded: boolean
  readonly looksOn: StaffActor
}

export function presentStaffMember({ staff, sessions, isFactorNeeded, looksOn }: StaffView, reader: Reader): StaffCard {
  const { t } = reader
  const mayChange = may(looksOn, 'staff.change')
  const rows = [
    { label: t('staff.role'), value: t(`role.${staff.role}`) },
    cellRow(t('staff.state'), stateCell(staff, t)),
    cellRow(t('staff.factor'), factorCell(staff, isFactorNeeded, t)),
    { label: t('staff.email'), value: staff.email ?? t('staff.email_none') },
    momentRow(t('staff.since'), staff.createdAt, reader),
  ]
  return {
    id: staff.id,
    login: staff.login,
    rows,
    sessions: presentSessions(sessions, undefined, reader),
    roles: roleChoices(t),
    role: staff.role,
    forms: mayChange ? formsFor(staff, t) : [],
    mayChange,
    mayIssueCode: mayChange && staff.awaitsSetup && staff.disabledAt === null,
  }
}

function formsFor({ disabledAt, hasFactor, awaitsSetup }: StaffMember, t: Translate): StaffCard['forms'] {
  if (disabledAt !== null) return [{ path: 'enable', submit: t('staff.enable') }]
  return [
    { path: 'disable', submit: t('staff.disable') },
    ...(hasFactor ? [{ path: 'reset-factor', submit: t('staff.reset_factor') }] : []),
    ...(awaitsSetup ? [] : [{ path: 'reset-access', submit: t('staff.reset_access') }]),
  ]
}

/** @param thisOne the session that the reader looks through, when it is one of these */
export function presentSessions(sessions: readonly StaffSession[], thisOne: string | undefined, reader: Reader): Table {
  const { t } = reader
  return {
    caption: t('staff.sessions'),
    columns: (['since', 'until', 'from', 'with'] as const).map((name) => ({ label: t(`session.${name}`) })),
    rows: sessions.map((session) => ({
      cells: [
        session.since ? momentCell(session.since, reader) : { text: t('session.unknown') },
        momentCell(session.until, reader),
        { text: session.from },
        session.idHash === thisOne
          ? { text: `${browserText(session.with, t)} · ${t('session.this')}`, mark: 'good' as const }
          : { text: browserText(session.with, t) },
      ],
    })),
    empty: t('staff.sessions_empty'),
  }
}

/** @param family the browser and system of a session, as its row keeps them */
export const browserText = (family: string, t: Translate): string => (family === '' || family === '?' ? t('session.unknown') : family)
