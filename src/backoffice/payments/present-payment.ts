import type { Payment, PaymentFinding, Step, Timeline } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import { MINUTE, HOUR, SECOND } from '../../shared/clock'
import { may } from '../../shared/permissions'
import type { Permission } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import type { Translate } from '../../shared/texts'
import { formatMoment, formatMoney, formatSecond } from '../../shared/texts/format'
import { actorName } from '../actor-name'
import type { Reader } from '../reader'
import type { Mark } from '../table'
import { answerText, sayAnswer } from './answer-text'
import { PAYMENTS_PATH } from './payment-filters'
import type { PayerNames } from './payers'
import { wordsFor } from './payer-words'
import { STATE_MARKS, stateName } from './present-list'
import { readTold } from '../../shared/told'

export interface Row {
  readonly label: string
  readonly value: string
  readonly href?: string | undefined
  readonly title?: string | undefined
  /** It needs a line of its own. */
  readonly isSentence?: true
}

interface Detail {
  readonly text: string
  /** The words of the log, shown when the pointer rests on ours. */
  readonly title?: string | undefined
}

/** One step of the vertical timeline. */
export interface TimelineItem {
  readonly text: string
  readonly at: string
  /** UTC, shown when the pointer rests on the time. */
  readonly utc: string
  /** Who did it, how long it took, how long after the step before. */
  readonly details: readonly Detail[]
  readonly mark: Mark
  readonly exchange: {
    readonly path: string
    readonly requestId: string | null
    readonly request: string
    readonly response: string
  } | null
}

export type ActionName = 'check' | 'void' | 'capture' | 'reverse'

/** What `views/backoffice/payment.ejs` prints. */
export interface PaymentPage {
  readonly id: string
  readonly heading: string
  readonly state: { readonly text: string; readonly mark: Mark }
  readonly checked: string | null
  readonly alerts: readonly string[]
  readonly rows: readonly Row[]
  readonly actions: readonly { readonly name: ActionName; readonly action: string; readonly label: string; readonly hint: string }[]
  readonly steps: readonly TimelineItem[]
}

export interface PaymentView {
  readonly timeline: Timeline
  readonly alerts: readonly { readonly kind: string; readonly detail: string }[]
  readonly checked: PaymentFinding | undefined
  /** Staff by how histories name them. */
  readonly logins: ReadonlyMap<string, string>
  readonly payers: PayerNames
}

export function presentPayment({ timeline, alerts, checked, logins, payers }: PaymentView, staff: StaffActor, by: Reader): PaymentPage {
  const { payment } = timeline
  const t = wordsFor(payment.payer.kind, by.t)
  const reader = { ...by, t }
  return {
    id: payment.id,
    heading: t('payment.heading', { number: payment.invoiceNumber }),
    state: { text: stateName(payment.state, t), mark: STATE_MARKS[payment.state] },
    checked: checked === undefined ? null : t(`payment.checked.${checked}`),
    alerts: alerts.map(({ detail }) => readTold(detail, t, sayAnswer(t))),
    rows: rowsOf(payment, { logins, payers }, reader),
    actions: actionsOf(payment, staff).map((name) => ({
      name,
      action: `${PAYMENTS_PATH}/${payment.id}/${name}`,
      label: t(`payment.${name}`),
      hint: t(`payment.${name}.hint`),
    })),
    steps: timeline.steps.map((step, index) => itemOf(step, timeline.steps[index - 1], logins, reader)),
  }
}

/** What its state allows, and what the reader may do. */
export function actionsOf({ state }: Payment, staff: StaffActor): ActionName[] {
  const rights: Readonly<Record<ActionName, Permission>> = {
    check: 'payments.check',
    void: 'payments.resolve',
    capture: 'payments.resolve',
    reverse: 'payments.reverse',
  }
  const offered: Readonly<Partial<Record<string, readonly ActionName[]>>> = {
    confirming: ['check'],
    review: ['check', 'void', 'capture'],
    captured: ['check', 'reverse'],
  }
  return (offered[state] ?? []).filter((name) => may(staff, rights[name]))
}

function rowsOf(payment: Payment, { logins, payers }: Pick<PaymentView, 'logins' | 'payers'>, reader: Reader): Row[] {
  const { t, language, zone } = reader
  const at = (label: string, moment: Date): Row => ({ label, value: formatMoment(moment, language, zone), title: moment.toISOString() })
  return [
    { label: t('payments.amount'), value: formatMoney(payment.amount, language) },
    ...(payment.payer.kind === 'member' ? [{ label: t('payments.points'), value: formatMoney(payment.points, language) }] : []),
    payerRow(payment, payers, t),
    at(t('payments.created'), payment.createdAt),
    ...(payment.settledAt ? [at(t('payment.settled'), payment.settledAt)] : []),
    ...(payment.state === 'confirming' ? [at(t('payment.next'), payment.nextAttemptAt)] : []),
    { label: t('payment.attempts'), value: String(payment.attempts) },
    ...(payment.reason ? [{ label: t('payments.reason'), value: readReason(payment.reason, t), isSentence: true as const }] : []),
    ...(payment.resolvedBy ? [{ label: t('payment.resolved_by'), value: actorName(payment.resolvedBy, logins, t) }] : []),
    { label: t('payment.invoice_id'), value: payment.invoiceId },
    { label: t('payment.operation'), value: payment.operationId },
    { label: t('payment.transaction'), value: payment.transactionId ?? '—' },
    { label: t('payment.id'), value: payment.id },
  ]
}

const payerRow = ({ payer }: Payment, payers: PayerNames, t: Translate): Row =>
  payer.kind === 'member'
    ? {
        label: t('payment.member'),
        value: payers.get(payer.memberId) ?? payer.memberId,
        title: payer.memberId,
        href: `/admin/members/${payer.memberId}`,
      }
    : {
        label: t('payment.organisation'),
        value: payers.get(payer.organisationId) ?? payer.organisationId,
        title: payer.organisationId,
        href: `/admin/autopay/organisations/${payer.organisationId}`,
      }

const MOVED = ['captured', 'voided', 'review', 'reversed'] as const
const isKnown = (state: string): state is (typeof MOVED)[number] => MOVED.includes(state as (typeof MOVED)[number])

function itemOf(step: Step, before: Step | undefined, logins: ReadonlyMap<string, string>, reader: Reader): TimelineItem {
  const { t, language, zone } = reader
  const since = before ? [{ text: t('payment.after', { time: durationText(step.at.getTime() - before.at.getTime(), t) }) }] : []
  return {
    text: stepText(step, t),
    at: formatSecond(step.at, language, zone),
    utc: step.at.toISOString(),
    details: [...detailsOf(step, logins, t), ...since],
    mark: markOf(step),
    exchange: step.kind === 'asked' ? { path: step.path, requestId: step.requestId, request: step.request, response: step.response } : null,
  }
}

function stepText(step: Step, t: Translate): string {
  if (step.kind === 'asked') return t(`payment.step.${step.operation}`)
  if (step.kind !== 'moved') return t(`payment.step.${step.kind}`)
  return isKnown(step.to) ? t(`payment.step.${step.to}`) : t('payment.step.moved', { state: step.to })
}

function detailsOf(step: Step, logins: ReadonlyMap<string, string>, t: Translate): Detail[] {
  if (step.kind !== 'asked') {
    const note = step.kind === 'moved' && step.note !== null ? [{ text: readTold(step.note, t, sayAnswer(t)) }] : []
    return [{ text: actorName(step.actor, logins, t) }, ...note]
  }
  return [
    { text: t('payment.answer', { outcome: answerText(step.outcome, t) }), title: step.outcome },
    { text: step.status === null ? t('payment.no_answer') : t('payment.http', { status: String(step.status) }) },
    { text: t('payment.took', { time: durationText(step.durationMs, t) }) },
    ...(step.requestId === null ? [] : [{ text: `X-Request-Id: ${step.requestId}` }]),
  ]
}

function markOf(step: Step): Mark {
  if (step.kind === 'moved') return isKnown(step.to) ? STATE_MARKS[step.to] : 'wait'
  if (step.kind !== 'asked') return 'good'
  return /^(accepted|found|page)/.test(step.outcome) ? 'good' : step.outcome.startsWith('rejected') ? 'bad' : 'wait'
}

/** A time that a clock that was set back would make negative is none. */
export function durationText(milliseconds: number, t: Translate): string {
  const ms = Math.max(0, milliseconds)
  if (ms < SECOND) return t('payment.milliseconds', { value: String(Math.round(ms)) })
  if (ms < MINUTE) return t('payment.seconds', { value: String(Math.round(ms / SECOND)) })
  if (ms < HOUR) return t('payment.minutes', { value: String(Math.round(ms / MINUTE)) })
  return t('payment.hours', { value: String(Math.round(ms / HOUR)) })
}
