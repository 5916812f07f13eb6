import { payeeOf, payerNameOf, whyText } from '../../autopay'
import type { InvoiceChange, InvoiceHistory, KeptInvoice, Organisation, Signature, Verdict, Why } from '../../autopay'
import { toDecimal } from '../../shared/money'
import type { TextKey } from '../../shared/texts'
import { formatMoment } from '../../shared/texts/format'
import { factText } from '../facts'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Mark } from '../table'
import { INVOICES } from './desk'
import { amountText, numberText, stateCell } from './present-queue'

interface Row {
  readonly label: string
  readonly value: string
  readonly title?: string | undefined
  readonly href?: string | undefined
}

/** One event of the history. */
export interface HistoryStep {
  readonly text: string
  readonly mark: Mark
  readonly at: string
  readonly utc: string
  readonly details: readonly string[]
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
  readonly actions: readonly InvoiceAction[]
  readonly steps: readonly HistoryStep[]
}

export interface InvoiceView {
  readonly invoice: KeptInvoice
  readonly organisation: Organisation
  readonly history: InvoiceHistory
  readonly logins: ReadonlyMap<string, string>
  readonly may: { readonly sign: boolean; readonly judge: boolean; readonly payments: boolean }
}

export function presentInvoice(view: InvoiceView, reader: Reader): InvoicePage {
  const { invoice, history } = view
  // Once somebody has signed, the decision that asked for it is over, and still the one that tells how the invoice came to where it is.
  const isSigned = invoice.decisionId === null && (invoice.queue === 'ask' || invoice.queue === 'due')
  const decision = isSigned ? history.decisions[0] : history.decisions.find(({ id }) => id === invoice.decisionId)
  return {
    heading: reader.t('autopay.invoice.heading', { number: numberText(invoice) }),
    state: stateCell(invoice, reader),
    rows: rowsOf(view, reader),
    why: (decision?.why ?? []).map((why) => whyLine(why, reader)),
    actions: actionsOf(view, reader),
    steps: stepsOf(view, reader),
  }
}

export const whyLine = (why: Why, reader: Reader): { text: string; mark: Mark } => ({
  text: whyText(why, reader),
  mark: why.passed ? 'good' : 'wait',
})

function rowsOf({ invoice, organisation }: InvoiceView, reader: Reader): Row[] {
  const { t } = reader
  const moments = [
    { label: t('autopay.invoice.issued'), at: invoice.issuedAt },
    { label: t('autopay.queue.due'), at: invoice.dueAt },
  ].flatMap(({ label, at }) => (at === null ? [] : [{ label, value: momentCell(at, reader).text, title: at.toISOString() }]))
  return [
    ...(invoice.problem === null ? [] : [{ label: t('autopay.invoice.problem'), value: invoice.problem }]),
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

function actionsOf({ invoice, may }: InvoiceView, { t }: Reader): InvoiceAction[] {
  const { queue, amount, problem, id } = invoice
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
    ...(may.judge && queue === 'exception' && problem === null ? [action('release')] : []),
    ...(may.judge && isOpen ? [action('refuse', t('autopay.invoice.refuse_hint'))] : []),
  ]
}

interface Event {
  readonly when: Date
  readonly text: string
  readonly mark: Mark
  readonly details?: readonly string[]
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
      details: decision.why.map((why) => whyText(why, reader)),
    })),
    ...history.signatures.flatMap((signature) => signatureEvents(signature, view, reader)),
    ...history.verdicts.map((verdict) => verdictEvent(verdict, view, reader)),
    ...history.payments.map(({ id, state, at }) => ({
      when: at,
      text: t('autopay.step.payment', { state: factText(state, reader) }),
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
  const shown = (value: string | null): string =>
    field === 'due_at' && value !== null ? formatMoment(new Date(value), reader.language, reader.zone) : factText(value, reader)
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
  const signed: Event = { when: signedAt, text, mark: 'good', details: [reason] }
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
  details: [reason],
})
