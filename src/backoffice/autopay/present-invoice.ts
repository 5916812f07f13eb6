import { payeeOf, payerNameOf, REFUSED_BY_PERSON } from '../../autopay'
import type { InvoiceChange, InvoiceHistory, KeptDecision, KeptInvoice, Organisation, Signature, Verdict, Why } from '../../autopay'
import { toDecimal } from '../../shared/money'
import { readReason } from '../../shared/reasons'
import type { TextKey } from '../../shared/texts'
import { formatMoment } from '../../shared/texts/format'
import { readTold } from '../../shared/told'
import { factText } from '../facts'
import { listHref } from '../filters'
import { momentCell, momentRow } from '../reader'
import type { Reader, Row, Sentence } from '../reader'
import type { Mark } from '../table'
import { INVOICES } from './desk'
import { organisationPath, rulePath, RULES } from './paths'
import { amountText, numberText, stateCell } from './present-queue'
import { whyCell } from './why-cell'

/** One event of the history. */
export interface HistoryStep {
  readonly text: string
  readonly mark: Mark
  readonly at: string
  readonly utc: string
  readonly details: readonly Sentence[]
  readonly href: string | null
}

/** What stands in the way of an invoice under Exceptions and is put right on another page. */
export interface Remedy {
  readonly text: string
  readonly href: string | null
}

/** What can be done, each behind a form that asks for a reason. */
export interface InvoiceAction {
  readonly name: 'approve' | 'release' | 'refuse'
  readonly label: string
  readonly action: string
  readonly hint: string | null
  /** The amount as it is shown: another one is another payment. */
  readonly roubles: string
}

export interface InvoicePage {
  readonly heading: string
  readonly state: { readonly text: string; readonly mark: Mark }
  readonly rows: readonly Row[]
  readonly why: readonly { readonly text: string; readonly mark: Mark }[]
  /** What stands in the place of lines where nothing was decided. */
  readonly undecided: string
  readonly remedy: Remedy | null
  readonly actions: readonly InvoiceAction[]
  /** Why there is no form to sign, for whoever would look for one. */
  readonly whyNot: string | null
  readonly steps: readonly HistoryStep[]
}

export interface InvoiceView {
  readonly invoice: KeptInvoice
  readonly organisation: Organisation
  readonly history: InvoiceHistory
  readonly logins: ReadonlyMap<string, string>
  readonly whyNot?: 'signed' | 'same_hands' | undefined
  readonly may: { readonly sign: boolean; readonly judge: boolean; readonly payments: boolean; readonly rules: boolean }
}

export function presentInvoice(view: InvoiceView, reader: Reader): InvoicePage {
  const { invoice } = view
  const decision = decisionOf(view)
  return {
    heading: reader.t('autopay.invoice.heading', { number: numberText(invoice) }),
    state: stateCell(invoice, reader),
    rows: rowsOf(view, reader),
    why: whyNow(view, decision).map((why) => whyLine(why, reader)),
    undecided: reader.t(invoice.problem === null ? 'autopay.invoice.no_decision' : 'autopay.invoice.never_decided'),
    remedy: remedyOf(view, decision, reader),
    actions: actionsOf(view, decision, reader),
    whyNot: view.whyNot ? reader.t(`autopay.invoice.not_yours_${view.whyNot}`) : null,
    steps: stepsOf(view, reader),
  }
}

/** Once somebody has signed, the decision that asked for it is over, and still the one that tells how the invoice came to where it is. */
function decisionOf({ invoice, history }: InvoiceView): KeptDecision | undefined {
  const isSigned = invoice.decisionId === null && (invoice.queue === 'ask' || invoice.queue === 'due')
  return isSigned ? history.decisions[0] : history.decisions.find(({ id }) => id === invoice.decisionId)
}

/** What was decided, with the signatures that are there by now and the refusal that came after it. */
function whyNow({ invoice, history }: InvoiceView, decision: KeptDecision | undefined): Why[] {
  if (isRefused(history) && invoice.queue === 'exception') return [REFUSED_BY_PERSON]
  const signed = String(history.signatures.filter(({ ended }) => !ended).length)
  return (decision?.why ?? []).map((why) => {
    if (why.code !== 'approval_missing') return why
    return invoice.queue === 'ask'
      ? { ...why, values: { ...why.values, signed } }
      : { ...why, passed: true, code: 'approved', values: { ...why.values, signed: why.values['needed'] ?? signed } }
  })
}

const isRefused = ({ verdicts }: InvoiceHistory): boolean => verdicts.some(({ kind, ended }) => kind === 'refused' && !ended)

/** A person may say that these do not count any more. Whatever else holds an invoice would hold it again. */
const RELEASABLE: readonly string[] = ['rejected_before', 'reversed_before', 'refused_by_person']

function isReleasable({ invoice, history }: InvoiceView, decision: KeptDecision | undefined): boolean {
  if (invoice.queue !== 'exception' || invoice.problem !== null) return false
  const shut = decision?.why.find(({ passed }) => !passed)
  return isRefused(history) || (shut !== undefined && (shut.gate === 'duplicate' || RELEASABLE.includes(shut.code)))
}

/** Where that is put right which holds an invoice: the rule that holds it, or whose limit it exceeds; the budget of its organisation; or a rule that is missing. */
function remedyOf(view: InvoiceView, decision: KeptDecision | undefined, { t }: Reader): Remedy | null {
  const { invoice, organisation, may } = view
  const shut = decision?.why.find(({ passed }) => !passed)
  if (invoice.queue !== 'exception' || invoice.problem !== null || !shut || isReleasable(view, decision)) return null
  if (shut.code.startsWith('over_budget'))
    return { text: t('autopay.invoice.remedy_budget', { organisation: organisation.name }), href: organisationPath(organisation.id) }
  if (decision?.rule) return { text: t('autopay.invoice.remedy_rule', { rule: decision.rule.name }), href: rulePath(decision.rule.id) }
  if (shut.gate !== 'rule') return null
  const href = may.rules ? listHref(`${RULES}/new`, { organisation: organisation.id }) : null
  return { text: t('autopay.invoice.remedy_new_rule'), href }
}

export const whyLine = (why: Why, reader: Reader): Sentence & { readonly mark: Mark } => ({
  ...whyCell(why, reader),
  mark: why.passed ? 'good' : 'wait',
})

function rowsOf({ invoice, organisation }: InvoiceView, reader: Reader): Row[] {
  const { t } = reader
  const moments = [
    { label: t('autopay.invoice.issued'), at: invoice.issuedAt },
    { label: t('autopay.queue.due'), at: invoice.dueAt },
  ].flatMap(({ label, at }) => (at === null ? [] : [momentRow(label, at, reader)]))
  return [
    ...(invoice.problem === null ? [] : [{ label: t('autopay.invoice.problem'), value: readTold(invoice.problem, t) }]),
    { label: t('autopay.queue.amount'), value: amountText(invoice.amount, reader) },
    { label: t('autopay.queue.organisation'), value: organisation.name },
    { label: t('autopay.invoice.payer'), value: payerNameOf(invoice, organisation) || '—' },
    { label: t('autopay.invoice.payee'), value: payeeOf(invoice) },
    { label: t('autopay.queue.description'), value: invoice.description || '—' },
    ...moments,
    ...(invoice.merchantOrder === null ? [] : [{ label: t('autopay.invoice.order'), value: invoice.merchantOrder }]),
    { label: t('autopay.invoice.id'), value: invoice.id, href: invoice.paymentUrl ?? undefined },
  ]
}

function actionsOf(view: InvoiceView, decision: KeptDecision | undefined, { t }: Reader): InvoiceAction[] {
  const { invoice, may } = view
  const { queue, amount, id } = invoice
  const action = (name: InvoiceAction['name'], hint: string | null = null): InvoiceAction => ({
    name,
    label: t(`autopay.invoice.${name}`),
    action: `${INVOICES}/${id}/${name}`,
    hint,
    roubles: toDecimal(amount?.minor ?? 0n),
  })
  const isOpen = queue === 'new' || queue === 'ask' || queue === 'due' || queue === 'exception'
  return [
    ...(may.sign && queue === 'ask' ? [action('approve')] : []),
    ...(may.judge && isReleasable(view, decision) ? [action('release')] : []),
    ...(may.judge && isOpen ? [action('refuse', t('autopay.invoice.refuse_hint'))] : []),
  ]
}

interface Event {
  readonly when: Date
  readonly text: string
  readonly mark: Mark
  readonly details?: readonly Sentence[]
  readonly href?: string
}

/** The newest first. */
function stepsOf(view: InvoiceView, reader: Reader): HistoryStep[] {
  const { invoice, history } = view
  const { t } = reader
  const events: Event[] = [
    { when: invoice.firstSeenAt, text: t('autopay.step.seen'), mark: 'good' },
    ...history.changes.map((change) => changeEvent(change, reader)),
    ...history.decisions.map((decision) => ({
      when: decision.at,
      text: t('autopay.step.decided', { decision: t(`autopay.decision.${decision.decision}`) }),
      mark: decision.decision === 'pay' ? ('good' as const) : ('wait' as const),
      details: decision.why.map((why) => whyCell(why, reader)),
    })),
    ...history.signatures.flatMap((signature) => signatureEvents(signature, view, reader)),
    ...history.verdicts.map((verdict) => verdictEvent(verdict, view, reader)),
    ...history.payments.map(({ id, state, at }) => ({
      when: at,
      text: t('autopay.step.payment', { state: factText(state, reader, 'state') }),
      mark: state === 'captured' ? ('good' as const) : ('wait' as const),
      ...(view.may.payments && { href: `/admin/payments/${id}` }),
    })),
  ]
  return events
    .sort((a, b) => b.when.getTime() - a.when.getTime())
    .map(({ when, text, mark, details, href }) => ({
      text,
      mark,
      at: momentCell(when, reader).text,
      utc: when.toISOString(),
      details: details ?? [],
      href: href ?? null,
    }))
}

const FIELDS: Readonly<Record<string, TextKey & `autopay.field.${string}`>> = {
  amount: 'autopay.field.amount',
  payer: 'autopay.field.payer',
  due_at: 'autopay.field.due_at',
  status: 'autopay.field.status',
  problem: 'autopay.field.problem',
}

function changeEvent({ at, field, before, after }: InvoiceChange, reader: Reader): Event {
  const key = FIELDS[field]
  const shown = (value: string | null): string => {
    if (value === null) return factText(value, reader)
    if (field === 'problem') return readTold(value, reader.t)
    return field === 'due_at' ? formatMoment(new Date(value), reader.language, reader.zone) : factText(value, reader)
  }
  const name = key === undefined ? field : (reader.t as (key: string) => string)(key)
  return { when: at, text: reader.t('autopay.step.changed', { field: name, before: shown(before), after: shown(after) }), mark: 'wait' }
}

const nameOf = (staffId: string, { logins }: InvoiceView): string => logins.get(`staff:${staffId}`) ?? staffId

const OVER: Readonly<Record<string, TextKey & `autopay.over.${string}`>> = {
  amount_changed: 'autopay.over.amount_changed',
  payer_changed: 'autopay.over.payer_changed',
  lapsed: 'autopay.over.lapsed',
  steps_changed: 'autopay.over.steps_changed',
  superseded: 'autopay.over.superseded',
}

function signatureEvents(signature: Signature, view: InvoiceView, { t }: Reader): Event[] {
  const { staffId, onBehalfOf, step, signedAt, reason, ended } = signature
  const values = { who: nameOf(staffId, view), step: String(step + 1) }
  const text =
    onBehalfOf === null ? t('autopay.step.signed', values) : t('autopay.step.signed_for', { ...values, absent: nameOf(onBehalfOf, view) })
  const signed: Event = { when: signedAt, text, mark: 'good', details: [{ text: readReason(reason, t) }] }
  const why = OVER[ended?.why ?? '']
  const over =
    ended && why
      ? [{ when: ended.at, text: t('autopay.step.signature_over', { why: (t as (key: string) => string)(why) }), mark: 'off' as const }]
      : []
  return [signed, ...over]
}

const verdictEvent = ({ kind, author, reason, at }: Verdict, { logins }: InvoiceView, { t }: Reader): Event => ({
  when: at,
  text: t(`autopay.step.${kind}`, { who: logins.get(author) ?? author }),
  mark: kind === 'refused' ? 'bad' : 'good',
  details: [{ text: readReason(reason, t) }],
})
