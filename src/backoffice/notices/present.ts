import { NOTICE_STATES } from '../../notices'
import type { Notice, NoticeState } from '../../notices'
import { listHref } from '../filters'
import { momentCell, momentText, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import type { Mark, Table } from '../table'

export const NOTICES = '/admin/notices'

const MARKS: Readonly<Record<NoticeState, Mark>> = { queued: 'wait', sent: 'good', failed: 'bad', dropped: 'off' }

export interface NoticesView {
  readonly notices: readonly Notice[]
  readonly hasMore: boolean
  readonly state: NoticeState | undefined
  readonly before: string | undefined
}

export function presentNotices({ notices, hasMore, state, before }: NoticesView, reader: Reader): Table {
  const { t } = reader
  const last = notices.at(-1)
  return {
    caption: t('notices.heading'),
    columns: [
      { label: t('notices.created') },
      { label: t('notices.topic') },
      { label: t('notices.channel') },
      { label: t('notices.state') },
      { label: t('notices.attempts'), align: 'right' },
      { label: t('notices.error') },
    ],
    rows: notices.map((notice) => ({
      cells: [
        momentCell(notice.createdAt, reader),
        { text: t(`notices.topic.${notice.topic}`), title: notice.source, href: sourceHref(notice) },
        { text: t(`notices.channel.${notice.channel}`) },
        { text: t(`notices.state.${notice.state}`), mark: MARKS[notice.state] },
        { text: String(notice.attempts) },
        { text: notice.lastError ?? '—' },
      ],
    })),
    empty: t('notices.empty'),
    ...(hasMore && last && { olderHref: listHref(NOTICES, { state, before: last.id }) }),
    ...(before !== undefined && { newestHref: listHref(NOTICES, { state }) }),
  }
}

const sourceHref = ({ topic, source }: Notice): string | undefined =>
  topic === 'alert' || topic === 'one_time_code' || topic === 'goods' || topic.startsWith('autopay_')
    ? undefined
    : topic === 'approval'
      ? `/admin/approvals/${source}`
      : `/admin/payments/${source}`

/** What may be sent once more: a button each, named so that they can be told apart. */
export const presentRetries = (notices: readonly Notice[], reader: Reader): (Sentence & { id: string })[] =>
  notices
    .filter(({ state }) => state === 'failed')
    .map(({ id, createdAt }) => ({ id, ...toldAt(reader.t('notices.send_again', { at: momentText(createdAt, reader) }), createdAt) }))

export const stateChoices = ({ t }: Reader): { value: string; text: string }[] => [
  { value: '', text: t('notices.state.all') },
  ...NOTICE_STATES.map((state) => ({ value: state, text: t(`notices.state.${state}`) })),
]
