import type { StaffActor } from '../../shared/actor'
import type { Alert } from '../../shared/alerts'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import type { Permission } from '../../shared/permissions'
import { knownText } from '../../shared/texts/known-text'
import type { Translate } from '../../shared/texts'
import { readTold } from '../../shared/told'
import { sayAnswer } from '../payments/answer-text'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { aboutCell } from '../table'
import type { Cell, Table } from '../table'
import { subjectKind } from './alert-names'
import type { AlertNames } from './alert-names'

/** What the summary of a form says that closes an alert. */
export interface AlertClose extends Cell {
  readonly id: string
  readonly since: Cell
}

export interface AlertsView {
  readonly alerts: readonly Alert[]
  readonly names: AlertNames
}

export function presentAlerts({ alerts, names }: AlertsView, staff: StaffActor, reader: Reader): Table {
  const { t } = reader
  return {
    caption: t('home.alerts'),
    columns: [{ label: t('home.alert'), long: true }, { label: t('home.alert_detail'), long: true }, { label: t('home.alert_since') }],
    rows: alerts.map((alert): { href?: string | undefined; cells: Cell[] } => ({
      href: hrefOf(alert, names, staff),
      cells: [
        { ...alertCell(alert, names, t), mark: 'wait' },
        { text: readTold(alert.detail, t, sayAnswer(t)) },
        momentCell(alert.at, reader),
      ],
    })),
    empty: t('home.no_alerts'),
  }
}

/** The forms to close alerts with, each named so that no two read alike. A review ends with a decision about its payment, not with a closed alert. */
export const presentCloses = ({ alerts, names }: AlertsView, staff: StaffActor, reader: Reader): AlertClose[] =>
  may(staff, 'alerts.close')
    ? alerts
        .filter(({ kind }) => kind !== 'payment_in_review')
        .map((alert) => ({ id: alert.id, ...alertCell(alert, names, reader.t), since: momentCell(alert.at, reader) }))
    : []

function alertCell(alert: Alert, names: AlertNames, t: Translate): Cell {
  const kind = knownText(t, `alert.${alert.kind}`) ?? alert.kind
  const subject =
    names.get(alert.subject) ?? (isChannel(alert.subject) ? t(`notices.channel.${alert.subject}`) : subjectText(alert.subject))
  return aboutCell(kind, subject)
}

const isChannel = (subject: string): subject is 'mail' | 'webhook' => subject === 'mail' || subject === 'webhook'

/** Ids of one minute begin alike, so the end of one tells it from another: but the name of a host is told whole. What there is one of needs no name. */
function subjectText(subject: string): string {
  if (/^(fund|ledger|reconciliation|invoicebox)\b/.test(subject)) return ''
  const name = subject.replace(/^(host|staff):/, '')
  return looksLikeId(name) ? `…${name.slice(-8)}` : name
}

/** Where the thing itself is looked at; undefined where there is no page, or none for this reader. */
function hrefOf(alert: Alert, names: AlertNames, staff: StaffActor): string | undefined {
  const { kind, subject } = alert
  const to = (right: Permission, href: string): string | undefined => (may(staff, right) ? href : undefined)
  const about = subjectKind(alert)
  if (about === 'payment') return `/admin/payments/${subject}`
  if (about === 'order') return names.has(subject) ? to('orders.read', `/admin/orders/${names.get(subject) ?? ''}`) : undefined
  if (about === 'staff') return to('staff.read', `/admin/staff/${subject.replace('staff:', '')}`)
  if (kind === 'fund_below' || kind === 'fund_too_low') return to('fund.read', '/admin/fund')
  if (kind === 'notice_failed') return to('notices.read', '/admin/notices?state=failed')
  if (kind === 'reconciliation_failed') return to('reconciliation.read', '/admin/reconciliation')
  return kind === 'voucher_stock_low' ? to('catalogue.read', `/admin/catalogue/${subject}`) : undefined
}
