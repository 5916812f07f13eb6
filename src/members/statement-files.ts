import { CSV_TYPE, csvFile, csvMoment } from '../shared/csv'
import type { Download } from '../shared/download'
import { toDecimal } from '../shared/money'
import { pdfFile } from '../shared/pdf'
import type { PdfPaper } from '../shared/pdf'
import { formatMoment, formatMoney, zoneText } from '../shared/texts/format'
import type { Movement, PeriodStatement } from './period-statement'
import { movementText, periodText } from './present-statement'
import type { StatementReader } from './present-statement'

/** A statement as it is put into a file. */
export interface StatementFile {
  readonly statement: PeriodStatement
  /** From the oldest on, page by page. */
  readonly movements: AsyncIterable<readonly Movement[]>
  /** Whose it is, as the reader may know them. */
  readonly member: string
  /** The name of the programme. */
  readonly program: string
  readonly reader: StatementReader
}

const nameOf = ({ statement: { period } }: StatementFile, ending: string): string => `statement-${period.from}-${period.to}.${ending}`

/** All movements of the period, with the opening balance before and the closing balance behind them. */
export function statementCsv(file: StatementFile): Download {
  const { t, zone, language } = file.reader
  const header = [
    `${t('statement.at')} (${zoneText(zone, language)})`,
    t('statement.what'),
    t('statement.amount'),
    `${t('statement.balance_after')}, ${t('csv.points')}`,
  ]
  return { name: nameOf(file, 'csv'), type: CSV_TYPE, pieces: csvFile(header, csvPages(file)) }
}

async function* csvPages({ statement, movements, reader }: StatementFile): AsyncGenerator<string[][]> {
  yield [['', reader.t('statement.opening'), '', toDecimal(statement.opening)]]
  for await (const page of movements) {
    yield page.map((movement) => [
      csvMoment(movement.writtenAt, reader.zone),
      movementText(movement, reader),
      toDecimal(movement.amount),
      toDecimal(movement.balanceAfter),
    ])
  }
  yield [['', reader.t('statement.closing'), '', toDecimal(statement.closing)]]
}

/** A document of more lines is nothing to print or to read; the whole of it is in the CSV file. */
export const MOST_PDF_LINES = 2_000

const COLUMNS = { at: 105, what: 200, amount: 105, balance: 105 } as const

/** The same on paper, at most `MOST_PDF_LINES` movements of it, and a sentence that says so. */
export function statementPdf(file: StatementFile): Download {
  const { statement, program, member, reader } = file
  const { t, language } = reader
  const points = (minor: bigint): string => formatMoney({ minor, unit: 'PTS' }, language)
  const pieces = pdfFile(t('statement.heading'), language, async (paper) => {
    paper.title(`${program}. ${t('statement.heading')}`)
    paper.fact(t('statement.member'), member)
    paper.fact(t('statement.period_label'), periodText(statement, reader))
    paper.fact(t('statement.opening'), points(statement.opening))
    paper.fact(t('statement.closing'), points(statement.closing))
    const count = statement.upTo - statement.after
    if (count > BigInt(MOST_PDF_LINES)) paper.text(t('statement.cut', { shown: String(MOST_PDF_LINES), all: count.toString() }))
    await writeMovements(paper, file)
  })
  return { name: nameOf(file, 'pdf'), type: 'application/pdf', pieces }
}

async function writeMovements(paper: PdfPaper, { movements, reader }: StatementFile): Promise<void> {
  const { t, language, zone } = reader
  const row = paper.table([
    { label: t('statement.at'), width: COLUMNS.at },
    { label: t('statement.what'), width: COLUMNS.what },
    { label: t('statement.amount'), width: COLUMNS.amount, align: 'right' },
    { label: t('statement.balance_after'), width: COLUMNS.balance, align: 'right' },
  ])
  const points = (minor: bigint): string => formatMoney({ minor, unit: 'PTS' }, language)
  let left = MOST_PDF_LINES
  for await (const page of movements) {
    for (const movement of page.slice(0, left)) {
      const { writtenAt, amount, balanceAfter } = movement
      await row([formatMoment(writtenAt, language, zone), movementText(movement, reader), points(amount), points(balanceAfter)])
    }
    left -= page.length
    if (left <= 0) return
  }
}
