import type { LoggedNotification } from '../../orders'
import { formatMoney } from '../../shared/texts/format'
import { listHref } from '../filters'
import { momentCell, momentText, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import type { Table } from '../table'
import { LOG_PATH, ORDERS_PATH } from './order-filters'

export interface LogView {
  readonly notifications: readonly LoggedNotification[]
  readonly hasMore: boolean
  readonly refused: boolean
  readonly before: string | undefined
}

export function presentLog(view: LogView, reader: Reader): Table {
  const last = view.notifications.at(-1)
  const filter = { refused: view.refused ? 'yes' : undefined }
  return {
    ...logTable(view.notifications, reader),
    ...(view.hasMore && last && { olderHref: listHref(LOG_PATH, { ...filter, before: last.id }) }),
    ...(view.before !== undefined && { newestHref: listHref(LOG_PATH, filter) }),
  }
}

/** The lines of the log as a table, wherever they stand. */
export function logTable(notifications: readonly LoggedNotification[], reader: Reader): Table {
  const { t, language } = reader
  return {
    caption: t('log.heading'),
    columns: [
      { label: t('log.at') },
      { label: t('log.number') },
      { label: t('log.status') },
      { label: t('orders.amount'), align: 'right' },
      { label: t('log.answer') },
      { label: t('log.channel') },
    ],
    rows: notifications.map((logged) => ({
      cells: [
        momentCell(logged.at, reader),
        {
          text: logged.number || '—',
          title: logged.invoiceboxId,
          href: logged.orderId === null ? undefined : `${ORDERS_PATH}/${logged.number}`,
        },
        { text: logged.status },
        { text: logged.amount ? formatMoney(logged.amount, language) : '—' },
        { text: logged.answer, mark: logged.answer === 'success' ? 'good' : 'bad' },
        { text: t(`log.channel.${logged.channel}`) },
      ],
    })),
    empty: t('log.empty'),
  }
}

/** A button for each line, named so that they can be told apart. */
export const presentReplays = (notifications: readonly LoggedNotification[], reader: Reader): (Sentence & { id: string })[] =>
  notifications.map(({ id, at, number }) => ({
    id,
    ...toldAt(reader.t('log.replay_of', { at: momentText(at, reader), number: number || '—' }), at),
  }))
