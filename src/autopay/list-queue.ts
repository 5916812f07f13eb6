import type { Knex } from 'knex'
import { bound } from '../shared/database'
import type { Db } from '../shared/database'
import { roleMay } from '../shared/permissions'
import { toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice, Queue } from './invoice-row'
import { keptId } from './keep-invoices'
import type { Signer } from './may-sign'
import type { Organisation } from './organisation'

/** The queues as a person sees them: whose turn it is depends on who looks. */
export const TABS = ['new', 'mine', 'others', 'due', 'exceptions', 'paid', 'closed'] as const
export type Tab = (typeof TABS)[number]

export interface QueueFilter {
  readonly tab: Tab
  /** Those that the person may see. */
  readonly organisations: readonly Organisation[]
  readonly signer: Signer | undefined
  readonly organisationId?: string | undefined
  /** An invoice's number or its beginning, or its id. */
  readonly number?: string | undefined
  /** In kopecks, both ends included. */
  readonly amountFrom?: bigint | undefined
  readonly amountTo?: bigint | undefined
}

const QUEUES_OF: Readonly<Record<Tab, readonly Queue[]>> = {
  new: ['new'],
  mine: ['ask'],
  others: ['ask'],
  due: ['due', 'paying'],
  exceptions: ['exception'],
  paid: ['paid'],
  closed: ['closed'],
}

/** In these the nearest deadline comes first, since that is what their readers must see to; in all others the newest invoice. */
export const isByDeadline = (tab: Tab): boolean => tab === 'mine' || tab === 'due'

/** The invoices of a queue in its order: so many after `before`, which is the place of the last one seen. */
export async function listQueue(
  db: Db,
  filter: QueueFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<KeptInvoice[]> {
  const query = filtered(db, filter).limit(page.limit)
  if (isByDeadline(filter.tab)) inOrderOfDeadline(db, query, page.before)
  else {
    void query.orderBy('place', 'desc')
    if (page.before !== undefined) void query.where('place', '<', page.before)
  }
  return ((await query) as InvoiceRow[]).map(toKept)
}

/** One place stands for one deadline too, so that it alone tells where a page ended. */
function inOrderOfDeadline(db: Db, query: Knex.QueryBuilder, before: string | undefined): void {
  void query.orderBy('due_at').orderBy('place')
  if (before === undefined) return
  const last = (): Knex.QueryBuilder => db('autopay_invoices').where({ place: before }).select('due_at')
  void query.andWhere(
    (rest) => void rest.where('due_at', '>', last()).orWhere((same) => void same.where('due_at', last()).where('place', '>', before)),
  )
}

/** More than that is told as "more than". */
export const MOST_COUNTED = 1_000

/** How many invoices each queue holds, up to one more than is counted. */
export async function countQueues(db: Db, of: Omit<QueueFilter, 'tab'>): Promise<Record<Tab, number>> {
  const counts = await Promise.all(TABS.map(async (tab) => [tab, await countQueue(db, { ...of, tab })] as const))
  return Object.fromEntries(counts) as Record<Tab, number>
}

/** The same of one queue. */
export async function countQueue(db: Db, filter: QueueFilter): Promise<number> {
  const capped = filtered(db, filter)
    .limit(MOST_COUNTED + 1)
    .select(db.raw('1 as one'))
  const [row]: { count: unknown }[] = await db.from(capped.as('capped')).select(db.raw('count(*) as count'))
  return Number(row?.count ?? 0)
}

function filtered(db: Db, filter: QueueFilter): Knex.QueryBuilder {
  const { tab, organisations, organisationId, number, amountFrom, amountTo } = filter
  const theirs = organisations.filter(({ id }) => organisationId === undefined || id === organisationId)
  const query = db('autopay_invoices')
    .whereIn('queue', [...QUEUES_OF[tab]])
    .whereIn(
      'organisation_id',
      theirs.map(({ id }) => id),
    )
  if (tab === 'mine') void query.andWhere((turn) => isTheirTurn(db, turn, { ...filter, organisations: theirs }))
  if (tab === 'others') void query.whereNot((turn) => isTheirTurn(db, turn, { ...filter, organisations: theirs }))
  if (number !== undefined)
    void query.andWhere(
      (named) => void named.where({ id: keptId(number) }).orWhereRaw(`number like ? escape '!'`, [`${likeText(number)}%`]),
    )
  if (amountFrom !== undefined) void query.where('amount', '>=', bound(amountFrom))
  if (amountTo !== undefined) void query.where('amount', '<=', bound(amountTo))
  return query
}

const likeText = (text: string): string => text.replace(/[!%_]/g, (sign) => `!${sign}`)

/** Invoices whose next step this person may sign, where neither they nor somebody who could be them has signed another step. */
function isTheirTurn(db: Db, turn: Knex.QueryBuilder, { signer, organisations }: QueueFilter): void {
  if (!signer || !roleMay(signer.actor.role, 'autopay.approve')) return void turn.whereRaw('1 = 0')
  const { actor, standsInFor, sameHands } = signer
  const signed = db('autopay_signatures')
    .whereIn('staff_id', [...new Set([actor.id, ...sameHands])])
    .whereNull('ended_at')
    .select('invoice_id')
  void turn.whereNotIn('id', signed).andWhere((any) => {
    void any.whereRaw('1 = 0')
    for (const organisation of organisations) void any.orWhere((one) => theirSteps(one, organisation, [actor.id, ...standsInFor]))
  })
}

/** Below the lowest step anybody of the organisation signs; then the step counts as the first. */
function theirSteps(one: Knex.QueryBuilder, { id, steps }: Organisation, persons: readonly string[]): void {
  void one.where({ organisation_id: id })
  const [first] = steps
  if (!first) return
  const own = steps.flatMap(({ approvers }, index) => (approvers.some((approver) => persons.includes(approver)) ? [index] : []))
  void one.andWhere((step) => {
    void step.where((below) => void below.where({ next_step: 0 }).where('amount', '<', bound(first.from)))
    if (own.length > 0)
      void step.orWhere(
        (reached) => void reached.whereIn('next_step', own).where((from) => void from.where('amount', '>=', bound(first.from))),
      )
  })
}
