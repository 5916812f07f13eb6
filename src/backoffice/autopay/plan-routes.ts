import { z } from 'zod'
import { makePlan, notUnderstood, oddInvoices, whyText } from '../../autopay'
import type { Decision, KeptInvoice, Organisation, Plan } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { may } from '../../shared/permissions'
import { formatMoment, formatMoney } from '../../shared/texts/format'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Mark, Table } from '../table'
import type { AutopayPagesDeps } from './deps'
import { deskOf, INVOICES, PLAN } from './desk'
import { amountText, numberText } from './present-queue'

/** More than that nobody reads on a page; the command gives all. */
const MOST_SHOWN = 500

/** The door of the plan. */
export const planRoutes = (deps: AutopayPagesDeps): Route[] => [showPlan(deps)]

const showPlan = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PLAN,
    policy: staffWith('autopay.read'),
    summary: 'Shows what would be paid now, in which order, why and why not; changes nothing.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const { db, zone } = deps
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'plan', back: PLAN, done: context.input.query.done })
      const scope = { organisationIds: organisations.map(({ id }) => id) }
      const [plan, odd] = [await makePlan(deps, scope), await oddInvoices(db, scope)]
      const seesFund = may(context.staff, 'fund.read')
      context.page('backoffice/autopay-plan', { ...desk, ...presentPlan(plan, { organisations, odd, seesFund }, { ...context, zone }) })
    },
  })

const MARKS = { pay: 'good', ask: 'wait', wait: 'wait', hold: 'bad', refuse: 'bad' } as const satisfies Record<string, Mark>

interface PlanPage {
  readonly note: string
  readonly sum: string
  readonly fund: string | null
  readonly table: Table
  readonly cut: string | null
}

interface PlanView {
  readonly organisations: readonly Organisation[]
  /** Those that could not be understood stand behind all others. */
  readonly odd: readonly KeptInvoice[]
  readonly seesFund: boolean
}

function presentPlan(plan: Plan, of: PlanView, reader: Reader): PlanPage {
  const { t, language, zone } = reader
  const roubles = (minor: bigint): string => formatMoney({ minor, unit: 'RUB' }, language)
  const paying = plan.items.filter(({ decision }) => decision.decision === 'pay')
  const sum = paying.reduce((total, { invoice }) => total + invoice.amount.minor, 0n)
  const readAt = plan.items.reduce<Date | null>(
    (latest, { invoice }) => (latest && latest > invoice.lastSeenAt ? latest : invoice.lastSeenAt),
    null,
  )
  return {
    note: readAt ? t('autopay.plan.note', { at: formatMoment(readAt, language, zone) }) : t('autopay.plan.never'),
    sum: t('autopay.plan.sum', { count: String(paying.length), amount: roubles(sum) }),
    fund: of.seesFund ? t('autopay.plan.fund', { before: roubles(plan.fund), after: roubles(plan.fundAfter) }) : null,
    table: planTable(plan, of, reader),
    cut: plan.items.length + of.odd.length > MOST_SHOWN ? t('autopay.plan.cut', { count: String(MOST_SHOWN) }) : null,
  }
}

interface PlanLine {
  readonly invoice: Pick<KeptInvoice, 'id' | 'number' | 'organisationId' | 'amount' | 'dueAt'>
  readonly decision: Pick<Decision, 'decision' | 'why'>
}

const oddLine = (invoice: KeptInvoice): PlanLine => ({ invoice, decision: { decision: 'hold', why: [notUnderstood(invoice.problem)] } })

function planTable({ items }: Plan, { organisations, odd }: PlanView, reader: Reader): Table {
  const { t } = reader
  const lines: PlanLine[] = [...items, ...odd.map(oddLine)]
  const names = new Map(organisations.map(({ id, name }) => [id, name]))
  return {
    caption: t('autopay.plan.heading'),
    columns: [
      { label: t('autopay.plan.place'), align: 'right' },
      { label: t('autopay.queue.number') },
      { label: t('autopay.queue.organisation') },
      { label: t('autopay.queue.amount'), align: 'right' },
      { label: t('autopay.queue.due') },
      { label: t('autopay.plan.decision') },
      { label: t('autopay.plan.why'), long: true },
    ],
    rows: lines.slice(0, MOST_SHOWN).map(({ invoice, decision }, index) => ({
      cells: [
        { text: String(index + 1) },
        { text: numberText(invoice), href: `${INVOICES}/${invoice.id}` },
        { text: names.get(invoice.organisationId) ?? '—' },
        { text: amountText(invoice.amount, reader) },
        invoice.dueAt === null ? { text: '—' } : momentCell(invoice.dueAt, reader),
        { text: t(`autopay.decision.${decision.decision}`), mark: MARKS[decision.decision] },
        { text: decision.why.map((why) => whyText(why, reader)).join('. ') },
      ],
    })),
    empty: t('autopay.plan.empty'),
  }
}
