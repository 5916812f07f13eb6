import { createRequire } from 'node:module'
import { setImmediate as turn } from 'node:timers/promises'

/** The fonts carry Cyrillic, which the fonts that every reader has do not. */
const FONTS = { plain: 'dejavu-fonts-ttf/ttf/DejaVuSans.ttf', bold: 'dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf' } as const

const MARGIN = 40
const SIZE = { title: 15, text: 9 } as const
const ROW_HEIGHT = 15
/** So many rows are laid out before other requests get their turn. */
const ROWS_AT_ONCE = 20

export interface PdfColumn {
  readonly label: string
  /** Points of a page that is 515 wide. */
  readonly width: number
  readonly align?: 'right'
}

/** A document as it is written, from the top down. */
export interface PdfPaper {
  title(text: string): void
  text(text: string): void
  /** `label: value` on a line. */
  fact(label: string, value: string): void
  /** The head of a table stands again on each new page. */
  table(columns: readonly PdfColumn[]): (cells: readonly string[]) => Promise<void>
}

/**
 * A PDF in pieces, as they are made. What `write` puts on the paper is kept in memory until it is sent, so whoever writes must know a bound.
 * @throws what `write` throws
 */
export async function* pdfFile(title: string, language: string, write: (paper: PdfPaper) => Promise<void>): AsyncGenerator<Uint8Array> {
  // Loaded when the first document is made: it takes longer than everything else that a process loads.
  const { default: PDFDocument } = await import('pdfkit')
  const document = new PDFDocument({ size: 'A4', margin: MARGIN, lang: language, displayTitle: true, info: { Title: title } })
  for (const [name, font] of Object.entries(sharedFonts())) document.registerFont(name, font)
  const written = write(paperOf(document)).then(
    () => document.end(),
    (error: unknown) => document.destroy(error as Error),
  )
  for await (const piece of document) yield piece as Uint8Array
  await written
}

type Document = PDFKit.PDFDocument

type Font = PDFKit.Mixins.PDFFontSource

let fonts: Readonly<Record<keyof typeof FONTS, Font>> | undefined

/** The fonts, read once in the life of a process: that takes longer than a page of writing. Documents share them, for each keeps to itself which glyphs it uses. */
const sharedFonts = (): NonNullable<typeof fonts> => (fonts ??= { plain: openFont(FONTS.plain), bold: openFont(FONTS.bold) })

/** A font as pdfkit opens it from a path, by the package that pdfkit itself does it with. */
function openFont(path: string): Font {
  const { openSync } = createRequire(require.resolve('pdfkit'))('fontkit') as { openSync: (file: string) => Font }
  return openSync(require.resolve(path))
}

function paperOf(document: Document): PdfPaper {
  return {
    title(text) {
      document.font('bold').fontSize(SIZE.title).text(text).moveDown(0.5)
    },
    text(text) {
      document.font('plain').fontSize(SIZE.text).text(text, MARGIN).moveDown(0.3)
    },
    fact(label, value) {
      document
        .fontSize(SIZE.text)
        .font('plain')
        .text(`${label}: `, MARGIN, document.y, { continued: true })
        .font('bold')
        .text(value)
        .moveDown(0.3)
    },
    table: (columns) => tableOn(document, columns),
  }
}

function tableOn(document: Document, columns: readonly PdfColumn[]): (cells: readonly string[]) => Promise<void> {
  let rows = 0
  const bottom = document.page.height - MARGIN - ROW_HEIGHT
  const line = (cells: readonly string[], font: 'plain' | 'bold'): void => {
    const top = document.y
    let left = MARGIN
    document.font(font).fontSize(SIZE.text)
    for (const [index, { width, align }] of columns.entries()) {
      document.text(fitting(document, cells[index] ?? '', width - 6), left, top, {
        width: width - 6,
        align: align ?? 'left',
        lineBreak: false,
      })
      left += width
    }
    document.y = top + ROW_HEIGHT
    document.x = MARGIN
  }
  const head = (): void =>
    line(
      columns.map(({ label }) => label),
      'bold',
    )
  document.moveDown(0.5)
  head()
  return async (cells) => {
    if (document.destroyed) throw new Error('nobody takes this document any more')
    if (document.y > bottom) {
      document.addPage()
      head()
    }
    line(cells, 'plain')
    if (++rows % ROWS_AT_ONCE === 0) await turn()
  }
}

/** As much of a text as a column is wide. */
function fitting(document: Document, text: string, width: number): string {
  if (document.widthOfString(text) <= width) return text
  let kept = text
  while (kept !== '' && document.widthOfString(`${kept}…`) > width) kept = kept.slice(0, -1)
  return `${kept}…`
}
