import { z } from 'zod'
import { beginRun, carryOutRun, listItems, listRuns, nextMoment, OUTCOMES, readRun, sumItems } from '../../autopay'
import type { Organisation, Run } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import { formatMoment } from '../../shared/texts/format'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf, RUNS } from './desk'
import { presentRun, presentRuns } from './present-runs'

const PAGE = 50
const ID = z.string().refine(looksLikeId)
/** While a run is under way its page looks again. */
const REFRESH_SECONDS = 3

/** The doors of runs. */
export const runRoutes = (deps: AutopayPagesDeps): Route[] => [showRuns(deps), startRun(deps), showRun(deps)]

const showRuns = ({ db, clock, zone, config }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: RUNS,
    policy: staffWith('autopay.read'),
    summary: 'Lists the runs of automatic payment, newest first.',
    input: { query: z.object({ before: ID.optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { staff, t, language, input } = context
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'runs', back: RUNS, done: input.query.done })
      const found = (await listRuns(db, { before: input.query.before, limit: PAGE + 1 })).filter((run) =>
        concerns(run, staff, organisations),
      )
      const view = {
        runs: found.slice(0, PAGE),
        hasMore: found.length > PAGE,
        before: input.query.before,
        organisations,
        logins: await staffLogins(db),
      }
      const next = config.autopay.schedule === null ? null : nextMoment({ expression: config.autopay.schedule, zone }, clock.now())
      context.page('backoffice/autopay-runs', {
        ...desk,
        table: presentRuns(view, { ...context, zone }),
        next: next ? t('autopay.runs.next', { at: formatMoment(next, language, zone) }) : t('autopay.runs.no_schedule'),
        start: startChoices(organisations, staff, t('autopay.queue.all_organisations')),
      })
    },
  })

/** Everybody's runs, and those of one's own organisations. */
const concerns = ({ scope }: Run, staff: StaffActor, organisations: readonly Organisation[]): boolean =>
  scope.organisationId === undefined || staff.role === 'admin' || organisations.some(({ id }) => id === scope.organisationId)

/** What a run may be started for; null for whoever may start none. Only an admin starts one for all. */
const startChoices = (organisations: readonly Organisation[], staff: StaffActor, all: string): { value: string; text: string }[] | null =>
  !may(staff, 'autopay.run') || organisations.length === 0
    ? null
    : [...(staff.role === 'admin' ? [{ value: '', text: all }] : []), ...organisations.map(({ id, name }) => ({ value: id, text: name }))]

/** It goes on after the answer; a process that ends meanwhile leaves it to the worker. */
const startRun = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: RUNS,
    policy: staffWith('autopay.run'),
    summary: 'Starts a run: reads what is due and pays what the rules allow, in the background.',
    input: { body: z.object({ organisation: z.union([z.literal(''), ID]) }) },
    handle: async ({ staff, input: { body }, redirect }) => {
      const scope = body.organisation === '' ? {} : { organisationId: body.organisation }
      const run = await beginRun(deps, { author: staff, scope })
      if (!run) throw new Refusal('autopay_running')
      const told = (error: unknown): void => deps.log.error({ err: error }, 'a run of automatic payment failed')
      void deps.background.follow(carryOutRun(deps, run, { isStopping: () => deps.background.isClosing() })).catch(told)
      redirect(`${RUNS}/${run.id}`)
    },
  })

const showRun = ({ db, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RUNS}/:id`,
    policy: staffWith('autopay.read'),
    summary: 'Shows one run: how far it has come, and what became of each invoice.',
    input: {
      params: z.object({ id: ID }),
      query: z.object({
        outcome: z.enum(OUTCOMES).optional(),
        after: z.coerce.number().int().min(0).max(1_000_000).optional(),
        done: z.string().optional(),
      }),
    },
    handle: async (context) => {
      const { outcome, after, done } = context.input.query
      const run = await readRun(db, context.input.params.id)
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'runs', back: `${RUNS}/${context.input.params.id}`, done })
      if (!run || !concerns(run, context.staff, organisations)) throw new Refusal('not_found')
      const organisationIds = organisations.map(({ id }) => id)
      const found = await listItems(db, run.id, { organisationIds, outcome }, { after, limit: PAGE + 1 })
      const sums = await sumItems(db, run.id, organisationIds)
      const view = {
        run,
        sums,
        items: found.slice(0, PAGE),
        hasMore: found.length > PAGE,
        outcome,
        organisations,
        logins: await staffLogins(db),
      }
      const refreshSeconds = run.state === 'running' ? REFRESH_SECONDS : null
      context.page('backoffice/autopay-run', { ...desk, ...presentRun(view, { ...context, zone }), refreshSeconds })
    },
  })
