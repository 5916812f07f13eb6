import { REQUEST_STATES } from '../../approvals'
import type { ApprovalRequest, Preview, RequestFilter, RequestState, SameHands } from '../../approvals'
import { authorName } from '../../shared/actor'
import type { StaffActor } from '../../shared/actor'
import { may } from '../../shared/permissions'
import { readReason } from '../../shared/reasons'
import { isRefusalCode, Refusal } from '../../shared/refusals'
import { formatMoney } from '../../shared/texts/format'
import { knownText } from '../../shared/texts/known-text'
import type { Translate } from '../../shared/texts'
import { factRows } from '../facts'
import type { FactRow } from '../facts'
import { asChoice, chipsOf, listHref } from '../filters'
import type { Chip } from '../filters'
import { momentCell, momentRow, momentText } from '../reader'
import type { Reader, Row } from '../reader'
import { subjectView } from '../subject'
import type { Mark, Table } from '../table'
import { NOTHING_ABOUT } from './about'
import type { About } from './about'
import { orderedRows } from './ordered'

const MARKS: Readonly<Record<RequestState, Mark>> = { open: 'wait', approved: 'good', refused: 'bad', withdrawn: 'off', lapsed: 'off' }

/** What a deed is called; one of a later version keeps its own name. */
export const deedName = (kind: string, t: Translate): string => knownText(t, `deed.${kind}`) ?? kind

const makerName = ({ maker }: ApprovalRequest, t: Translate): string => (maker.kind === 'system' ? t('approvals.by_system') : maker.login)

export interface ListView {
  readonly requests: readonly ApprovalRequest[]
  readonly filter: RequestFilter
  readonly hasMore: boolean
  readonly paged: boolean
  readonly about: ReadonlyMap<string, About>
}

const COLUMNS = ['deed', 'subject', 'amount', 'maker', 'reason', 'created', 'lapses', 'state'] as const

export interface ListPage {
  readonly table: Table
  readonly kind: string
  readonly chips: readonly Chip[]
  /** The same kind in another state. */
  readonly states: readonly { readonly text: string; readonly href: string; readonly isCurrent: boolean }[]
  readonly state: string
  readonly kinds: readonly { readonly value: string; readonly text: string }[]
}

const PATH = '/admin/approvals'

/** @param kinds every kind of request that there can be, to choose from */
export function presentRequests(view: ListView, kinds: readonly string[], reader: Reader): ListPage {
  const { t, language } = reader
  const { state = 'all', kind = '' } = view.filter
  const named = kinds.map((value) => ({ value, text: deedName(value, t) })).sort((a, b) => a.text.localeCompare(b.text, language))
  return {
    table: presentTable(view, reader),
    kind,
    chips: chipsOf(PATH, { state, kind }, { kind: (value) => deedName(value, t) }),
    states: [...REQUEST_STATES, 'all' as const].map((each) => ({
      text: asChoice(t(each === 'all' ? 'approvals.all' : `approvals.state.${each}`)),
      href: listHref(PATH, { state: each, kind }),
      isCurrent: each === state,
    })),
    state,
    kinds: [{ value: '', text: t('approvals.any_deed') }, ...named],
  }
}

function presentTable({ requests, filter, hasMore, paged, about }: ListView, reader: Reader): Table {
  const { t } = reader
  const last = requests.at(-1)
  const query = { state: filter.state ?? 'all', kind: filter.kind }
  return {
    caption: t('approvals.heading'),
    columns: COLUMNS.map((name) => ({
      label: t(`approvals.${name}`),
      ...(name === 'amount' && { align: 'right' as const }),
      ...(name === 'reason' && { long: true as const }),
    })),
    rows: requests.map((request) => ({
      href: `/admin/approvals/${request.id}`,
      cells: [
        { text: deedName(request.kind, t) },
        subjectView(request.subject, t, about.get(request.id)?.name),
        { text: amountText(about.get(request.id) ?? NOTHING_ABOUT, reader) },
        { text: makerName(request, t) },
        { text: readReason(request.reason, t) },
        momentCell(request.createdAt, reader),
        momentCell(request.lapsesAt, reader),
        { text: t(`approvals.state.${request.state}`), mark: MARKS[request.state] },
      ],
    })),
    empty: t(filter.state === 'open' && filter.kind === undefined ? 'approvals.empty' : 'approvals.empty_state'),
    ...(hasMore && last && { olderHref: listHref(PATH, { ...query, before: last.id }) }),
    ...(paged && { newestHref: listHref(PATH, query) }),
  }
}

const amountText = ({ amount }: About, { language }: Reader): string => (amount === null ? '—' : formatMoney(amount, language))

export interface RequestPage {
  readonly id: string
  readonly heading: string
  readonly rows: readonly Row[]
  /** What the reader has just made of it, where they come from one of its forms. */
  readonly decided: { readonly text: string; readonly isDone: boolean } | null
  /** Why it was asked for, and why it was decided as it was: sentences, which need a line of their own. */
  readonly reasons: readonly { readonly label: string; readonly value: string }[]
  readonly facts: readonly FactRow[]
  /** Why it could not be carried out at this moment. */
  readonly impossible: string | null
  readonly payload: readonly { readonly label: string; readonly value: string }[]
  readonly mayDecide: boolean
  readonly mayWithdraw: boolean
  readonly isOwn: boolean
  /** Said where nobody knows which person made the request. */
  readonly note: string | null
}

export interface Looked {
  /** What it would change as of now, or why it cannot; null once it is decided. */
  readonly preview: Preview | Refusal | null
  /** Why the reader is no second pair of eyes for it. */
  readonly same: SameHands | null
  readonly about: About
  /** Whether one of its forms led here. */
  readonly isFresh: boolean
}

export function presentRequest(
  request: ApprovalRequest,
  { preview, same, about, isFresh }: Looked,
  staff: StaffActor,
  reader: Reader,
): RequestPage {
  const { t } = reader
  const isOwn = authorName(request.maker) === authorName(staff)
  const isOpen = request.state === 'open'
  const told = preview && !(preview instanceof Refusal) ? preview : undefined
  return {
    id: request.id,
    heading: about.amount
      ? t('approvals.deed_of', { deed: deedName(request.kind, t), amount: amountText(about, reader) })
      : deedName(request.kind, t),
    rows: requestRows(request, about, reader),
    decided: isFresh && !isOpen ? decidedNote(request, t) : null,
    reasons: reasonRows(request, t),
    facts: told ? factRows(told, reader) : [],
    impossible: preview instanceof Refusal ? t('approvals.impossible', { code: withoutStop(t(`refusal.${preview.code}`)) }) : null,
    payload: orderedRows(request, { about, told: told?.after ?? {} }, reader),
    mayDecide: isOpen && same === null && may(staff, 'approvals.decide'),
    mayWithdraw: isOpen && isOwn,
    isOwn: isOpen && isOwn,
    note: isOpen ? noteOn(request, isOwn ? null : same, t) : null,
  }
}

function noteOn({ maker }: ApprovalRequest, same: SameHands | null, t: Translate): string | null {
  if (same !== null) return t(same === 'own_request' ? 'approvals.you_let_in' : 'refusal.let_in_by_maker')
  return maker.kind === 'system' ? t('approvals.by_system_note') : null
}

/** Agreed to is not done yet: what it met on its way is told in the same sentence. */
function decidedNote(request: ApprovalRequest, t: Translate): NonNullable<RequestPage['decided']> {
  const state = t(`approvals.state.${request.state}`)
  const isApproved = request.state === 'approved'
  return {
    text: t('approvals.now', { state: isApproved ? `${state} (${outcomeText(request, t)})` : state }),
    isDone: !isApproved || request.outcome === null || request.outcome === 'done',
  }
}

function requestRows(request: ApprovalRequest, about: About, reader: Reader): Row[] {
  const { t } = reader
  const { decision } = request
  return [
    { label: t('approvals.state'), value: t(`approvals.state.${request.state}`), mark: MARKS[request.state] },
    { label: t('approvals.subject'), ...subjectRow(request, about, t) },
    ...(about.amount ? [{ label: t('approvals.amount'), value: amountText(about, reader) }] : []),
    { label: t('approvals.maker'), value: makerName(request, t) },
    momentRow(t('approvals.created'), request.createdAt, reader),
    momentRow(t('approvals.lapses'), request.lapsesAt, reader),
    ...(decision ? [decisionRow(decision, reader)] : []),
    ...(request.state === 'approved' ? [{ label: t('approvals.outcome'), value: outcomeText(request, t) }] : []),
  ]
}

const decisionRow = ({ by, at }: NonNullable<ApprovalRequest['decision']>, reader: Reader): Row => ({
  label: reader.t('approvals.decided'),
  value: `${by.login ?? by.name}, ${momentText(at, reader)}`,
  title: at.toISOString(),
})

const reasonRows = ({ reason, decision }: ApprovalRequest, t: Translate): RequestPage['reasons'] => [
  { label: t('approvals.reason'), value: readReason(reason, t) },
  ...(decision?.reason ? [{ label: t('approvals.decision_reason'), value: readReason(decision.reason, t) }] : []),
]

function subjectRow(request: ApprovalRequest, about: About, t: Translate): { value: string; href?: string } {
  const { text, href } = subjectView(request.subject, t, about.name)
  return { value: text, ...(href !== undefined && { href }) }
}

function outcomeText({ outcome }: ApprovalRequest, t: Translate): string {
  if (outcome === null) return t('approvals.outcome.pending')
  if (outcome === 'done' || outcome === 'nothing_changed' || outcome === 'unclear') return t(`approvals.outcome.${outcome}`)
  return t('approvals.outcome.refused', { code: isRefusalCode(outcome) ? withoutStop(t(`refusal.${outcome}`)) : outcome })
}

/** A sentence of ours within another one. */
const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '')
