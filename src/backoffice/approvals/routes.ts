import { z } from 'zod'
import { listRequests, readRequest, REQUEST_STATES } from '../../approvals'
import type { ApprovalRequest, Approvals, Preview, RequestFilter } from '../../approvals'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { StaffActor } from '../../shared/actor'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { Refusal } from '../../shared/refusals'
import { DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import { NOTHING_ABOUT, readAbout } from './about'
import { presentRequest, presentRequests } from './present'

export interface ApprovalRoutesDeps {
  readonly db: Db
  readonly approvals: Approvals
  readonly zone: string
}

const PAGE = 50
const ID = z.object({ id: z.string().refine(looksLikeId) })
const STATE = z.enum([...REQUEST_STATES, 'all']).optional()
const KIND = z.string().max(40).optional()

/** The doors of the second pair of eyes. */
export const approvalRoutes = (deps: ApprovalRoutesDeps): Route[] => [
  showList(deps),
  showOne(deps),
  approve(deps),
  refuse(deps),
  withdraw(deps),
]

/** The newest that this person may know of, one more than a page holds. */
async function knownRequests(
  { db, approvals }: ApprovalRoutesDeps,
  staff: StaffActor,
  of: RequestFilter & { readonly before: string | undefined },
): Promise<ApprovalRequest[]> {
  const known: ApprovalRequest[] = []
  for (let before = of.before; ;) {
    const read = await listRequests(db, { ...of, before, limit: PAGE + 1 })
    for (const request of read) if (await approvals.isKnownTo(request, staff)) known.push(request)
    before = read.at(-1)?.id
    if (known.length > PAGE || read.length <= PAGE) return known.slice(0, PAGE + 1)
  }
}

const showList = (deps: ApprovalRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/approvals',
    policy: staffWith('approvals.read'),
    summary: 'Lists what waits for a second person, and what was decided.',
    input: {
      query: z.object({ state: STATE, kind: KIND, before: z.string().refine(looksLikeId).optional(), done: z.string().optional() }),
    },
    handle: async (context) => {
      const { state: asked = 'open', kind, before, done } = context.input.query
      const filter = { state: asked === 'all' ? undefined : asked, kind: kind === '' ? undefined : kind }
      const found = await knownRequests(deps, context.staff, { ...filter, before })
      const requests = found.slice(0, PAGE)
      const about = await readAbout(deps.db, requests, context)
      const view = { requests, filter, hasMore: found.length > PAGE, paged: before !== undefined, about }
      context.page('backoffice/approvals', {
        frame: frameOf(context, 'approvals', done),
        ...presentRequests(view, deps.approvals.kinds, { ...context, zone: deps.zone }),
      })
    },
  })

const showOne = ({ db, approvals, zone }: ApprovalRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/approvals/:id',
    policy: staffWith('approvals.read'),
    summary: 'Shows one request: what would change, who wants it and why.',
    input: { params: ID, query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const request = await required(db, context.input.params.id)
      if (!(await approvals.isKnownTo(request, context.staff))) throw new Refusal('not_found')
      const about = (await readAbout(db, [request], context)).get(request.id) ?? NOTHING_ABOUT
      const same = await approvals.sameHands(request, context.staff)
      const looked = { preview: await look(approvals, request), same, about, isFresh: context.input.query.done !== undefined }
      const view = presentRequest(request, looked, context.staff, { ...context, zone, logins: await staffLogins(db) })
      context.page('backoffice/approval', { frame: frameOf(context, 'approvals'), ...view })
    },
  })

async function required(db: Db, id: string): Promise<ApprovalRequest> {
  const request = await readRequest(db, id)
  if (!request) throw new Refusal('not_found')
  return request
}

/** What cannot be done now may still be refused, so the page shows why instead of failing. */
async function look(approvals: Approvals, request: ApprovalRequest): Promise<Preview | Refusal | null> {
  if (request.state !== 'open') return null
  try {
    return await approvals.preview(request)
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

const approve = ({ approvals }: ApprovalRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/approvals/:id/approve',
    policy: staffWith('approvals.decide'),
    summary: 'Agrees to a request of somebody else, and carries it out.',
    input: { params: ID, body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await approvals.approve(input.params.id, staff)
      redirect(`/admin/approvals/${input.params.id}?done=yes`)
    },
  })

const refuse = ({ approvals }: ApprovalRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/approvals/:id/refuse',
    policy: staffWith('approvals.decide'),
    summary: 'Refuses a request of somebody else, with a reason.',
    input: { params: ID, body: z.object({ reason: DEED_FIELDS.reason }) },
    handle: async ({ input, staff, redirect }) => {
      await approvals.refuse(input.params.id, staff, input.body.reason)
      redirect(`/admin/approvals/${input.params.id}?done=yes`)
    },
  })

const withdraw = ({ approvals }: ApprovalRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/admin/approvals/:id/withdraw',
    policy: staffWith('approvals.read'),
    summary: 'Takes back a request of one’s own.',
    input: { params: ID, body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await approvals.withdraw(input.params.id, staff)
      redirect(`/admin/approvals/${input.params.id}?done=yes`)
    },
  })
