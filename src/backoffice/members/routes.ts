import { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { addMember, listMembers, MEMBER_STATES, readListed, searchMembers } from '../../members'
import type { ListedMember, MemberApplication } from '../../members'
import type { StaffActor, StaffRole } from '../../shared/actor'
import { writeAudit } from '../../shared/audit'
import type { Clock } from '../../shared/clock'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may, roleMay } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import type { Translate } from '../../shared/texts'
import { chipsOf, listHref } from '../filters'
import { frameOf } from '../frame'
import { noteSearched } from '../note-searched'
import { cardRoutes } from './card-routes'
import type { MemberPagesDeps } from './deps'
import { erasureRoutes } from './erasure-routes'
import { limitRoutes } from './limit-routes'
import { memberCells, memberHeader, MEMBERS_PATH, presentMembers } from './present'
import type { MembersQuery } from './present'
import { memberStatementRoutes } from './statement-routes'

const PAGE = 50
const EXPORT_PAGE = 500
/** A search is for somebody; who wants more of them says more. */
const MOST_FOUND = 1_000

const FILTERS = {
  q: z.string().trim().max(200).optional(),
  state: z
    .enum(['', ...MEMBER_STATES])
    .transform((state) => (state === '' ? undefined : state))
    .optional(),
}

/** The doors of the section about members. A path of its own comes before the paths with an id. */
export const memberPages = (deps: MemberPagesDeps): Route[] => [
  showList(deps),
  exportList(deps),
  showNew,
  submitNew(deps),
  ...limitRoutes(deps),
  ...cardRoutes(deps),
  ...memberStatementRoutes(deps),
  ...erasureRoutes(deps),
]

const showList = ({ db, clock, config: { timeZone: zone } }: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: MEMBERS_PATH,
    policy: staffWith('members.read'),
    summary: 'Finds members by whatever is known of them, and lists the newest.',
    input: { query: z.object({ ...FILTERS, before: z.string().refine(looksLikeId).optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { query } = context.input
      const { t, staff } = context
      const found = await find({ db, clock, staff }, query, PAGE + 1)
      const view = { members: found.slice(0, PAGE), hasMore: found.length > PAGE, query, role: staff.role }
      const filters = { q: query.q, state: query.state }
      context.page('backoffice/members', {
        frame: frameOf(context, 'members', query.done),
        table: presentMembers(view, { ...context, zone }),
        filters,
        hasMoreFound: found.length > PAGE && (query.q ?? '') !== '' ? t('members.many', { count: String(PAGE) }) : null,
        chips: chipsOf(MEMBERS_PATH, filters, {
          q: (text) => t('members.chip.search', { text }),
          state: (state) => t('members.chip.state', { state: t(state === 'locked' ? 'members.state.locked' : 'members.state.erased') }),
        }),
        ...linksFor(staff.role, filters),
      })
    },
  })

interface FindDeps {
  readonly db: Db
  readonly clock: Clock
  readonly staff: StaffActor
}

/** One page of what was asked for. A search is not paged: it gives the best so many. */
async function find(deps: FindDeps, { q, state, before }: MembersQuery, limit: number): Promise<ListedMember[]> {
  const { db, staff } = deps
  if ((q ?? '') === '') return listMembers(db, { state, before, limit })
  const found = await searchMembers(db, q ?? '', limit, { whole: !may(staff, 'members.read-personal') })
  await noteSearched(
    deps,
    staff,
    found.map(({ id }) => id),
  )
  const wanted = found.filter(({ lockedAt, erasedAt }) =>
    state === 'locked' ? lockedAt && !erasedAt : state === 'erased' ? erasedAt : true,
  )
  return readListed(
    db,
    wanted.map(({ id }) => id),
  )
}

const exportList = ({ db, clock, config: { timeZone: zone } }: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${MEMBERS_PATH}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives the members that the same filters show as a CSV file.',
    input: { query: z.object(FILTERS) },
    handle: async ({ input: { query }, staff, t, language, res }) => {
      const rows = memberRows({ db, clock, staff }, query, (listed) => memberCells(listed, staff.role, { t, language, zone }))
      await inTransaction(db, (tx) => writeAudit(tx, [{ author: staff, at: clock.now(), action: 'members_exported', subject: 'members' }]))
      await sendDownload(res, { name: 'members.csv', type: CSV_TYPE, pieces: csvFile(memberHeader({ t, language, zone }), rows) })
    },
  })

async function* memberRows(deps: FindDeps, query: MembersQuery, toCells: (listed: ListedMember) => string[]): AsyncGenerator<string[][]> {
  if ((query.q ?? '') !== '') {
    yield (await find(deps, query, MOST_FOUND)).map(toCells)
    return
  }
  for (let before: string | undefined; ;) {
    const members = await listMembers(deps.db, { state: query.state, before, limit: EXPORT_PAGE })
    yield members.map(toCells)
    before = members.at(-1)?.member.id
    if (members.length < EXPORT_PAGE) return
  }
}

const showNew = defineRoute({
  method: 'get',
  path: `${MEMBERS_PATH}/new`,
  policy: staffWith('members.add'),
  summary: 'Shows the form for a new member.',
  handle: (context) => context.page('backoffice/member-new', { frame: frameOf(context, 'members'), fields: {}, alert: null }),
})

const APPLICATION = z.object({
  login: z.string(),
  password: z.string(),
  fullName: z.string(),
  email: z.string(),
  phone: z.string(),
})

const submitNew = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${MEMBERS_PATH}/new`,
    policy: staffWith('members.add'),
    summary: 'Adds a member with an empty points account.',
    input: { body: APPLICATION },
    handle: async (context) => {
      const { body } = context.input
      const answer = await added(deps, { ...body, actor: context.staff })
      if (!(answer instanceof Refusal)) {
        context.redirect(`${MEMBERS_PATH}/${answer.id}?done=done`)
        return
      }
      // What was typed need not be typed again, but for the password.
      const fields = { ...body, password: undefined }
      context.page('backoffice/member-new', { frame: frameOf(context, 'members'), fields, alert: alertOf(answer, context) }, answer.status)
    },
  })

/** A field that will not do is said on the form, where it can be mended. */
const added = (deps: MemberPagesDeps, application: MemberApplication): Promise<{ id: string } | Refusal> =>
  addMember(deps, application).catch((error: unknown) => {
    if (error instanceof Refusal && (error.code === 'bad_input' || error.code === 'login_taken')) return error
    throw error
  })

const NAMES = {
  login: 'member.login',
  password: 'member.password',
  fullName: 'member.full_name',
  email: 'member.email',
  phone: 'member.phone',
} as const

function alertOf({ code, detail = '' }: Refusal, { t }: { readonly t: Translate }): string {
  if (code !== 'bad_input') return t('refusal.login_taken')
  const field = detail in NAMES ? t(NAMES[detail as keyof typeof NAMES]) : detail
  return t('member.bad_field', { field })
}

/** Doors that are not for everybody are shown to those alone whom they admit. */
const linksFor = (
  role: StaffRole,
  filters: MembersQuery,
): { newHref: string | null; limitsHref: string | null; exportHref: string | null } => ({
  newHref: roleMay(role, 'members.add') ? `${MEMBERS_PATH}/new` : null,
  limitsHref: roleMay(role, 'members.limits') ? `${MEMBERS_PATH}/limits` : null,
  exportHref: roleMay(role, 'lists.export') ? listHref(`${MEMBERS_PATH}.csv`, { ...filters }) : null,
})
