import { DECISIONS, tellingLine } from '../../autopay'
import type { PastInvoice, Replay, ReplayLine } from '../../autopay'
import { formatMoney } from '../../shared/texts/format'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import { numberCell } from '../table'
import type { Mark, Table } from '../table'
import { whyCell } from './why-cell'

const MOST_LINES = 200
const WOULD: Readonly<Record<ReplayLine['decision']['decision'], Mark>> = {
  pay: 'good',
  ask: 'wait',
  wait: 'wait',
  hold: 'bad',
  refuse: 'off',
}

export interface TryView {
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  readonly table: Table
  readonly more: string | null
}

/** What a rule would have done, summed up and invoice by invoice, the newest first. */
export function presentTry(replay: Replay, reader: Reader): TryView {
  const { t, language } = reader
  const sum = ({ count, amount }: Replay['reallyPaid']): string => `${count} · ${formatMoney({ minor: amount, unit: 'RUB' }, language)}`
  const lines = [...replay.lines].reverse()
  return {
    rows: [
      { label: t('autopay.try.tried'), value: String(replay.tried) },
      // What is no debt at all, such as a duplicate, meets no rule.
      ...DECISIONS.filter((kind) => kind !== 'refuse').map((kind) => ({
        label: t(`autopay.would.${kind}`),
        value: sum(replay.sums[kind]),
      })),
      { label: t('autopay.try.taken'), value: String(replay.taken) },
      { label: t('autopay.try.really'), value: sum(replay.reallyPaid) },
    ],
    table: presentLines(lines.slice(0, MOST_LINES), reader),
    more: lines.length > MOST_LINES ? t('autopay.try.more', { shown: String(MOST_LINES), all: String(lines.length) }) : null,
  }
}

const presentLines = (lines: readonly ReplayLine[], reader: Reader): Table => ({
  caption: reader.t('autopay.try.lines'),
  columns: [
    { label: reader.t('autopay.try.invoice') },
    { label: reader.t('autopay.try.seen') },
    { label: reader.t('autopay.try.amount'), align: 'right' },
    { label: reader.t('autopay.try.would') },
    { label: reader.t('autopay.try.why'), long: true },
    { label: reader.t('autopay.try.now') },
  ],
  rows: lines.map(({ past, decision }) => ({
    href: `/admin/autopay/invoices/${past.invoice.id}`,
    cells: [
      { ...numberCell(past.invoice.number), title: past.invoice.description },
      momentCell(past.invoice.firstSeenAt, reader),
      { text: formatMoney(past.invoice.amount, reader.language) },
      { text: reader.t(`autopay.would.${decision.decision}`), mark: WOULD[decision.decision] },
      whyCell(tellingLine(decision.why), reader),
      { text: reader.t(`autopay.now.${nowOf(past)}`) },
    ],
  })),
  empty: reader.t('autopay.try.empty'),
})

const nowOf = ({ outcome }: PastInvoice): 'paid' | 'paying' | 'closed' | 'open' =>
  outcome === 'paid' || outcome === 'paying' || outcome === 'closed' ? outcome : 'open'
