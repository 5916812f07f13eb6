import type { Erasure } from '../../members'
import type { Download } from '../../shared/download'
import { pdfFile } from '../../shared/pdf'
import type { Reader } from '../reader'
import { presentErasure } from './present-erasure'

const nameOf = ({ record }: Erasure, ending: string): string => `erasure-${record.memberId}.${ending}`

/** The proof as plain text, a fact on each line. */
export function erasureText(erasure: Erasure, reader: Reader, program: string): Download {
  const { rows, removed, verdict } = presentErasure(erasure, reader)
  const lines = (of: typeof rows): string[] => of.map(({ label, value }) => `${label}: ${value}`)
  const { t } = reader
  const text = [
    `${program}. ${t('erasure.heading')}`,
    '',
    ...lines(rows),
    '',
    `${t('erasure.removed')}:`,
    ...lines(removed),
    '',
    verdict,
    '',
  ].join('\r\n')
  return { name: nameOf(erasure, 'txt'), type: 'text/plain; charset=utf-8', pieces: once(text) }
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text)
}

/** The proof on paper. */
export function erasurePdf(erasure: Erasure, reader: Reader, program: string): Download {
  const { rows, removed, verdict } = presentErasure(erasure, reader)
  const { t, language } = reader
  const pieces = pdfFile(t('erasure.heading'), language, (paper) => {
    paper.title(`${program}. ${t('erasure.heading')}`)
    for (const { label, value } of rows) paper.fact(label, value)
    paper.title(t('erasure.removed'))
    for (const { label, value } of removed) paper.fact(label, value)
    paper.text(verdict)
    return Promise.resolve()
  })
  return { name: nameOf(erasure, 'pdf'), type: 'application/pdf', pieces }
}
