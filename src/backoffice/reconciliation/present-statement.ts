import type { StatementFault, StatementLine, StatementPreview } from '../../reconciliation'
import type { Translate } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'
import { momentCell, momentText, periodTold, toldAt } from '../reader'
import type { Reader, Row, Sentence } from '../reader'
import { numberCell } from '../table'
import type { Table } from '../table'

/** What `views/backoffice/statement.ejs` prints of a file that was understood. */
export interface StatementPage {
  readonly name: string
  readonly text: string
  readonly rows: readonly Row[]
  /** Said when the same file was imported before. */
  readonly known: Sentence | null
  readonly replaceable: readonly { readonly value: string; readonly text: string }[]
  readonly lines: Table
  readonly more: string | null
}

export function presentStatement(preview: StatementPreview, given: { name: string; text: string }, reader: Reader): StatementPage {
  const { t, language } = reader
  const { known, lines, lineCount } = preview
  const period = periodTold(preview, reader)
  return {
    ...given,
    rows: [
      { label: t('reconciliation.statement_name'), value: given.name },
      { label: t('reconciliation.statement_period'), value: period.text, title: period.title },
      { label: t('reconciliation.statement_lines'), value: String(lineCount) },
      ...preview.sums.map(({ kind, count, sum }) => ({
        label: t(`fund_statement.sum.${kind}`),
        value: t(kind === 'balance' ? 'fund_statement.sum_last' : 'fund_statement.sum', {
          count: String(count),
          sum: formatMoney(sum, language),
        }),
      })),
    ],
    known: known && toldAt(t('fund_statement.known', { name: known.name, at: momentText(known.importedAt, reader) }), known.importedAt),
    replaceable: preview.replaceable.map((one) => ({ value: one.id, text: `${one.name}, ${periodTold(one, reader).text}` })),
    lines: linesTable(lines, reader),
    more: lineCount > lines.length ? t('fund_statement.more', { count: String(lineCount - lines.length) }) : null,
  }
}

const linesTable = (lines: readonly StatementLine[], reader: Reader): Table => ({
  caption: reader.t('fund_statement.lines'),
  columns: [
    { label: reader.t('fund_statement.line') },
    { label: reader.t('fund_statement.at') },
    { label: reader.t('fund_statement.kind') },
    { label: reader.t('fund_statement.operation') },
    { label: reader.t('fund_statement.invoice') },
    { label: reader.t('payments.amount'), align: 'right' },
  ],
  rows: lines.map((line) => ({
    cells: [
      { text: String(line.number) },
      momentCell(line.at, reader),
      { text: reader.t(`fund_statement.kind.${line.kind}`) },
      { text: line.operation ?? '—' },
      numberCell(line.invoiceNumber ?? '—'),
      { text: formatMoney(line.amount, reader.language) },
    ],
  })),
  empty: reader.t('fund_statement.fault.no_lines'),
})

/** Every fault as a sentence in the reader's language. */
export const presentFaults = (faults: readonly StatementFault[], t: Translate): string[] =>
  faults.map(({ line, code, value }) => {
    const text = (t as (key: string, values: Record<string, string>) => string)(`fund_statement.fault.${code}`, { value })
    return line === null ? text : t('fund_statement.fault.line', { line: String(line), text })
  })
