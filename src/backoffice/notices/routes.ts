import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { listNotices, NOTICE_STATES, retryNotice } from '../../notices'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { chipsOf } from '../filters'
import { frameOf } from '../frame'
import { NOTICES, presentNotices, presentRetries, stateChoices } from './present'

export interface NoticeRoutesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly zone: string
}

const PAGE = 50
const STATE = z.union([z.literal(''), z.enum(NOTICE_STATES)]).optional()

/** The doors of letters and webhook calls. */
export const noticeRoutes = (deps: NoticeRoutesDeps): Route[] => [showNotices(deps), retry(deps)]

const showNotices = ({ db, zone }: NoticeRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: NOTICES,
    policy: staffWith('notices.read'),
    summary: 'Lists letters and webhook calls, newest first.',
    input: { query: z.object({ state: STATE, before: z.string().refine(looksLikeId).optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const reader = { ...context, zone }
      const { before, done, state: asked } = context.input.query
      const state = asked === '' ? undefined : asked
      const found = await listNotices(db, { state, before, limit: PAGE + 1 })
      const notices = found.slice(0, PAGE)
      context.page('backoffice/notices', {
        frame: frameOf(context, 'notices', done),
        table: presentNotices({ notices, hasMore: found.length > PAGE, state, before }, reader),
        retries: may(context.staff, 'notices.retry') ? presentRetries(notices, reader) : [],
        states: stateChoices(reader),
        state: state ?? '',
        chips: chipsOf(NOTICES, { state }, { state: (value) => context.t(`notices.state.${value as 'sent'}`) }),
      })
    },
  })

const retry = (deps: NoticeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${NOTICES}/:id/retry`,
    policy: staffWith('notices.retry'),
    summary: 'Sends a notice that was given up once more.',
    input: { params: z.object({ id: z.string().refine(looksLikeId) }), body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await retryNotice(deps, input.params.id, staff)
      redirect(`${NOTICES}?done=done`)
    },
  })
