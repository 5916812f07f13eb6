import { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { findPayments } from '../../payments'
import type { Payment, PaymentFilter } from '../../payments'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId } from '../../shared/ids'
import { Refusal } from '../../shared/refusals'
import { askedMember } from '../asked-member'
import { frameOf } from '../frame'
import { readPayerNames } from './payers'
import { filterOf, PAYMENT_FILTERS, PAYMENTS_PATH, savedQuery } from './payment-filters'
import type { PaymentQuery } from './payment-filters'
import { paymentCardRoutes } from './card-routes'
import type { PaymentPagesDeps } from './card-routes'
import { paymentCells, paymentHeader, presentPayments } from './present-list'
import type { PaymentsView } from './present-list'
import { deleteView, listViews, saveView } from './view-store'

const PAGE = 50
const EXPORT_PAGE = 500
const SECTION = 'payments'
/** Not below the payments: there an id would be read in its place. */
const VIEWS_PATH = '/admin/payment-views'
const ID = z.string().refine(looksLikeId)

/** The doors of the section about payments. A path of its own comes before the paths with an id. */
export const paymentPages = (deps: PaymentPagesDeps): Route[] => [
  showList(deps),
  exportList(deps),
  keepView(deps),
  dropView(deps),
  ...paymentCardRoutes(deps),
]

const showList = (deps: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PAYMENTS_PATH,
    policy: staffWith('payments.read'),
    summary: 'Lists payments, newest first, as the filters in the address say.',
    input: { query: z.object({ ...PAYMENT_FILTERS, before: ID.optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { before, done, ...typed } = context.input.query
      const view = await readList(deps, typed, before, context.staff)
      const page = presentPayments(view, context.staff, { ...context, zone: deps.zone })
      context.page('backoffice/payments', { frame: frameOf(context, SECTION, done), ...page })
    },
  })

async function readList(deps: PaymentPagesDeps, typed: PaymentQuery, before: string | undefined, staff: StaffActor): Promise<PaymentsView> {
  const { db, zone, knownOrganisations } = deps
  const asked = await askedMember(deps, typed, staff)
  const filter = { ...filterOf(asked.query, zone), organisations: await knownOrganisations(staff) }
  const found = await findPayments(db, filter, { before, limit: PAGE + 1 })
  const payments = found.payments.slice(0, PAGE)
  const [names, views] = await Promise.all([readPayerNames(db, payments, staff.role), listViews(db, staff.id, SECTION)])
  return { ...asked, payments, names, hasMore: found.payments.length > PAGE, goOn: found.goOn, before, views }
}

const exportList = ({ db, clock, zone, knownOrganisations }: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${PAYMENTS_PATH}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives the payments that the same filters show as a CSV file.',
    input: { query: z.object(PAYMENT_FILTERS) },
    handle: async ({ input, staff, t, language, res }) => {
      await inTransaction(db, (tx) =>
        writeAudit(tx, [{ author: staff, at: clock.now(), action: 'payments_exported', subject: 'payments' }]),
      )
      const { query } = await askedMember({ db, clock }, input.query, staff)
      const filter = { ...filterOf(query, zone), organisations: await knownOrganisations(staff) }
      const rows = pagesOf(db, filter, async (payments) => {
        const names = await readPayerNames(db, payments, staff.role)
        return payments.map((payment) => paymentCells(payment, names, { t, language, zone }))
      })
      await sendDownload(res, { name: 'payments.csv', type: CSV_TYPE, pieces: csvFile(paymentHeader({ t, language, zone }), rows) })
    },
  })

async function* pagesOf(
  db: Db,
  filter: PaymentFilter,
  toRows: (payments: readonly Payment[]) => Promise<string[][]>,
): AsyncGenerator<string[][]> {
  let before: string | undefined
  for (;;) {
    const { payments, goOn } = await findPayments(db, filter, { before, limit: EXPORT_PAGE })
    yield await toRows(payments)
    before = goOn?.before ?? payments.at(-1)?.id
    if (!goOn && payments.length < EXPORT_PAGE) return
  }
}

const keepView = ({ db, clock }: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: VIEWS_PATH,
    policy: staffWith('payments.read'),
    summary: 'Keeps the filters of the list under a name, for whoever does so.',
    input: { body: z.object({ name: z.string().trim().min(1).max(60), query: z.string().max(500) }) },
    handle: async ({ input, staff, redirect }) => {
      const query = savedQuery(input.body.query)
      if (query === undefined) throw new Refusal('bad_input', 'query')
      const view = { staffId: staff.id, section: SECTION, name: input.body.name, query, at: clock.now() }
      await inTransaction(db, (tx) => saveView(tx, view))
      redirect(`${PAYMENTS_PATH}?${query}&done=done`)
    },
  })

const dropView = ({ db }: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${VIEWS_PATH}/:id/delete`,
    policy: staffWith('payments.read'),
    summary: 'Deletes a saved view of one’s own.',
    input: { params: z.object({ id: ID }), body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      if (!(await inTransaction(db, (tx) => deleteView(tx, input.params.id, staff.id)))) throw new Refusal('not_found')
      redirect(`${PAYMENTS_PATH}?done=done`)
    },
  })
