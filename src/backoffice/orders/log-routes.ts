import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { listNotifications, replayNotification } from '../../orders'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { frameOf } from '../frame'
import type { OrderPagesDeps } from './deps'
import { LOG_PATH } from './order-filters'
import { presentLog, presentReplays } from './present-log'

const PAGE = 50
const ID = z.string().refine(looksLikeId)

/** The doors of the log of notifications. */
export const logRoutes = (deps: OrderPagesDeps): Route[] => [showLog(deps), replayOne(deps)]

const showLog = ({ db, zone }: OrderPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: LOG_PATH,
    policy: staffWith('orders.read'),
    summary: 'Lists what Invoicebox has told about orders, newest first.',
    input: {
      query: z.object({
        refused: z.literal('yes').optional().catch(undefined),
        replayed: z
          .string()
          .regex(/^[a-z_]{1,30}$/)
          .optional()
          .catch(undefined),
        before: ID.optional(),
        done: z.string().optional(),
      }),
    },
    handle: async (context) => {
      const reader = { ...context, zone }
      const { before, done, replayed, refused } = context.input.query
      const found = await listNotifications(db, { refused: refused === 'yes' }, { before, limit: PAGE + 1 })
      const notifications = found.slice(0, PAGE)
      context.page('backoffice/notifications', {
        frame: frameOf(context, 'orders', done),
        table: presentLog({ notifications, hasMore: found.length > PAGE, refused: refused === 'yes', before }, reader),
        replays: may(context.staff, 'notifications.replay') ? presentReplays(notifications, reader) : [],
        replayed: replayed === undefined ? null : context.t('log.replayed', { answer: replayed }),
        refused: refused === 'yes',
        allHref: LOG_PATH,
        refusedHref: `${LOG_PATH}?refused=yes`,
      })
    },
  })

const replayOne = (deps: OrderPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${LOG_PATH}/:id/replay`,
    policy: staffWith('notifications.replay'),
    summary: 'Receives a notification of the log once more.',
    input: { params: z.object({ id: ID }), body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      const reply = await replayNotification(deps, { id: input.params.id, author: staff })
      redirect(`${LOG_PATH}?replayed=${reply.status === 'success' ? 'success' : reply.code}`)
    },
  })
