import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { acceptDifference, acceptPaidOtherwise, remarkDifference, requireKnownDifference } from '../../reconciliation'
import { looksLikeId } from '../../shared/ids'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { factText } from '../facts'
import type { ReconciliationPagesDeps } from './deps'
import { RECONCILIATION_PATH } from './present'

const ID = z.string().refine(looksLikeId)
const PARAMS = z.object({ id: ID })
const REMARK = z.string().trim().min(1).max(400)
const DIFFERENCE_PATH = `${RECONCILIATION_PATH}/:id`

/** What can be done about differences. */
export const settleRoutes = (deps: ReconciliationPagesDeps): Route[] => [acceptMany(deps), giveBack(deps), accept(deps), remark(deps)]

const giveBack = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${DIFFERENCE_PATH}/give-back`,
    policy: staffWith('reconciliation.resolve'),
    summary: 'Gives the points of a difference back, and closes it.',
    input: { params: PARAMS, body: z.object(DEED_FIELDS) },
    handle: async (context) => {
      const { id } = context.input.params
      const { facts } = await requireKnownDifference(deps, id, context.staff)
      const words = { points: factText(facts.points, context), number: facts.number ?? '—' }
      await answerDeed(context, deps.approvals, {
        section: 'reconciliation',
        deed: deps.deeds.differences.giveBack,
        payload: { differenceId: id },
        what: context.t('reconciliation.give_back.what', words),
        action: `${RECONCILIATION_PATH}/${id}/give-back`,
        fields: {},
        back: RECONCILIATION_PATH,
      })
    },
  })

const accept = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${DIFFERENCE_PATH}/accept`,
    policy: staffWith('reconciliation.resolve'),
    summary: 'Closes a difference with a remark that says what it is.',
    input: { params: PARAMS, body: z.object({ remark: REMARK }) },
    handle: async ({ input, staff, redirect }) => {
      await acceptDifference(deps, { id: input.params.id, remark: input.body.remark, author: staff })
      redirect(`${RECONCILIATION_PATH}?done=done`)
    },
  })

const remark = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${DIFFERENCE_PATH}/remark`,
    policy: staffWith('reconciliation.remark'),
    summary: 'Writes down what is known about a difference.',
    input: { params: PARAMS, body: z.object({ remark: REMARK }) },
    handle: async ({ input, staff, redirect }) => {
      await remarkDifference(deps, { id: input.params.id, remark: input.body.remark, author: staff })
      redirect(`${RECONCILIATION_PATH}?done=done`)
    },
  })

const acceptMany = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RECONCILIATION_PATH}/paid-otherwise`,
    policy: staffWith('reconciliation.resolve'),
    summary: 'Closes the unknown invoices that the page has shown, and older ones: they were paid otherwise.',
    input: { body: z.object({ upTo: ID, remark: REMARK }) },
    handle: async ({ input, staff, redirect }) => {
      await acceptPaidOtherwise(deps, { ...input.body, author: staff })
      redirect(`${RECONCILIATION_PATH}?kind=paid_there_unknown_here&done=done`)
    },
  })
