import type { Erasure } from '../../members'
import { formatMoment } from '../../shared/texts/format'
import type { Translate } from '../../shared/texts'
import type { Reader } from '../reader'
import { MEMBERS_PATH } from './present'

/** A proof as pages and files tell it. */
export interface ErasurePage {
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  readonly removed: readonly { readonly label: string; readonly value: string }[]
  readonly verdict: string
  readonly isIntact: boolean
  readonly memberHref: string
  readonly textHref: string
  readonly pdfHref: string
}

export function presentErasure({ at, author, approvedBy, record, digest, isIntact }: Erasure, { t, language, zone }: Reader): ErasurePage {
  const path = `${MEMBERS_PATH}/${record.memberId}`
  return {
    rows: [
      { label: t('erasure.member'), value: record.memberId },
      { label: t('erasure.at'), value: `${formatMoment(at, language, zone)} (${at.toISOString()})` },
      { label: t('erasure.author'), value: author },
      { label: t('erasure.approved_by'), value: approvedBy ?? '—' },
      { label: `${t('erasure.books')}. ${t('erasure.books_before')}`, value: t('erasure.books_text', record.booksBefore) },
      { label: `${t('erasure.books')}. ${t('erasure.books_after')}`, value: t('erasure.books_text', record.booksAfter) },
      { label: t('erasure.digest'), value: digest },
    ],
    removed: Object.entries(record.removed).map(([what, count]) => ({ label: removedLabel(what, t), value: String(count) })),
    verdict: t(isIntact ? 'erasure.intact' : 'erasure.broken'),
    isIntact,
    memberHref: path,
    textHref: `${path}/erasure.txt`,
    pdfHref: `${path}/erasure.pdf`,
  }
}

const REMOVED = ['person', 'login', 'sessions', 'sign_in_attempts', 'limits', 'checkouts'] as const

function removedLabel(what: string, t: Translate): string {
  const known = REMOVED.find((name) => name === what)
  return known ? t(`erasure.removed.${known}`) : t('erasure.removed.other', { what })
}
