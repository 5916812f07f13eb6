import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { nothingOfOthers } from '../../payments'
import { closeAlert } from '../../shared/alerts'
import { requireReason } from '../../shared/audit'
import type { Background } from '../../shared/background'
import { inTransaction } from '../../shared/database'
import { dayOf } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { presentHome } from './present'
import { startProof } from './prove-money'
import type { ProofDeps } from './prove-money'
import { readHome } from './read-home'
import type { HomeDeps } from './read-home'

export interface HomeRoutesDeps extends HomeDeps, Omit<ProofDeps, 'config'> {
  readonly background: Background
  readonly config: HomeDeps['config'] & ProofDeps['config']
}

/** The doors of the home page. */
export const homeRoutes = (deps: HomeRoutesDeps): Route[] => [showHome(deps), prove(deps), close(deps)]

const showHome = (deps: HomeRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin',
    policy: staffWith('home.read'),
    summary: 'Answers four questions: is the money right, will the fund last, what needs me, is Invoicebox reachable.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const zone = deps.config.timeZone
      const home = await readHome(deps, context.staff, context.language)
      const shown = presentHome(home, context.staff, dayOf(deps.clock.now(), zone), { ...context, zone })
      context.page('backoffice/home', { frame: frameOf(context, 'home', context.input.query.done), ...shown })
    },
  })

const prove = (deps: HomeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/proofs',
    policy: staffWith('ledger.verify'),
    summary: 'Begins to prove the books in the background; the home page shows how far it is.',
    handle: async ({ staff, redirect }) => {
      const started = await startProof(deps, staff)
      if (started) void deps.background.follow(started.over)
      redirect('/admin')
    },
  })

const close = (deps: HomeRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/alerts/:id/close',
    policy: staffWith('alerts.close'),
    summary: 'Closes an alert that was dealt with; a review ends with a decision about its payment instead.',
    input: { params: z.object({ id: z.string().refine(looksLikeId) }), body: z.object({ reason: DEED_FIELDS.reason }) },
    handle: async ({ input, staff, redirect }) => {
      const known = await nothingOfOthers(deps, staff, 'alerts.subject')
      const by = { author: staff, reason: requireReason(input.body.reason), at: deps.clock.now(), known }
      await inTransaction(deps.db, (tx) => closeAlert(tx, input.params.id, by))
      redirect('/admin?done=done')
    },
  })
