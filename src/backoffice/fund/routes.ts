import { z } from 'zod'
import { amountText } from '../../approvals'
import type { Approvals, Deed } from '../../approvals'
import {
  addThreshold,
  allFundMovements,
  listFundMovements,
  listThresholds,
  MOVEMENT_KINDS,
  readFundPicture,
  removeThreshold,
} from '../../fund'
import type { FundDeeds, FundMovement, FundPayload, MovementFilter } from '../../fund'
import { ACCOUNTS } from '../../ledger'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import type { Clock } from '../../shared/clock'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import { dayEnd, dayStart, isDay } from '../../shared/days'
import { looksLikeId, newId } from '../../shared/ids'
import { NotMoney, parseMoney } from '../../shared/money'
import type { Rate } from '../../shared/money'
import { may } from '../../shared/permissions'
import type { Language } from '../../shared/texts'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { chipsOf, listHref } from '../filters'
import { frameOf } from '../frame'
import { waitingRows } from '../waiting'
import type { Reader } from '../reader'
import { asKnownTo } from './known-movements'
import type { KnowingDeps } from './known-movements'
import {
  kindChoices,
  kindText,
  movementCells,
  movementHeader,
  MOVEMENTS,
  presentFund,
  presentMovements,
  presentThresholds,
} from './present'
import { wholeRoubles } from './words'

export interface FundRoutesDeps extends KnowingDeps {
  readonly clock: Clock
  readonly approvals: Approvals
  readonly deeds: { readonly fund: FundDeeds }
  readonly zone: string
  /** Points for a rouble. */
  readonly rate: Rate
}

const FUND = '/admin/fund'
const LATEST = 10
const PAGE = 50

/** The doors of the guarantee fund. */
export const fundRoutes = (deps: FundRoutesDeps): Route[] => [
  showFund(deps),
  ...(['deposit', 'floor', 'overdraft'] as const).map((name) => changeFund(deps, name)),
  addOne(deps),
  removeOne(deps),
  showMovements(deps),
  exportMovements(deps),
]

const showFund = (deps: FundRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: FUND,
    policy: staffWith('fund.read'),
    summary: 'Shows what is in the guarantee fund, how long it will last, what to deposit, and its thresholds.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const { db, clock, zone, rate } = deps
      const reader = { ...context, zone }
      const picture = await readFundPicture(db, { now: clock.now(), zone, rate })
      const movements = await asKnownTo(deps, await listFundMovements(db, { limit: LATEST }), context.staff)
      context.page('backoffice/fund', {
        frame: frameOf(context, 'fund', context.input.query.done),
        fund: presentFund(picture, reader),
        thresholds: presentThresholds(await listThresholds(db), reader),
        thresholdKey: newId(),
        movements: presentMovements({ movements, hasMore: false, query: {}, links: may(context.staff, 'payments.read') }, reader),
        mayChange: may(context.staff, 'fund.change'),
        waiting: await waitingRows(context, deps.approvals, ACCOUNTS.fund),
      })
    },
  })

/** An amount as people type it: with blanks between thousands, with a comma or a point. */
const TYPED_ROUBLES = z
  .string()
  .max(40)
  .transform((text) => text.replace(/\s/g, '').replace(',', '.'))

/** Such an amount for a sentence; what is none stays as it was typed, since the deed refuses it anyway. */
function amountTyped(text: string, language: Language): string {
  try {
    return wholeRoubles(parseMoney(text, 'RUB'), language)
  } catch (error) {
    if (error instanceof NotMoney) return text
    throw error
  }
}

const changeFund = ({ approvals, deeds }: FundRoutesDeps, name: 'deposit' | 'floor' | 'overdraft'): Route =>
  defineRoute({
    method: 'post',
    path: `${FUND}/${name}`,
    policy: staffWith('fund.change'),
    summary: `Shows what would change, then does it or asks a second person: the fund's ${name}.`,
    input: { body: z.object({ roubles: TYPED_ROUBLES, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { roubles } = context.input.body
      const deed: Deed<FundPayload> = deeds.fund[name]
      const amount = amountTyped(roubles, context.language)
      const what = context.t(`fund.what.${name}`, { amount })
      await answerDeed(context, approvals, {
        section: 'fund',
        deed,
        payload: { roubles },
        what,
        action: `${FUND}/${name}`,
        fields: { roubles },
        typed: ['roubles'],
        back: FUND,
      })
    },
  })

const addOne = (deps: FundRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${FUND}/thresholds`,
    policy: staffWith('fund.change'),
    summary: 'Adds an amount below which staff are told.',
    input: {
      body: z.object({
        roubles: TYPED_ROUBLES.pipe(amountText('RUB', { orZero: true }) as z.ZodType<string, string>),
        key: DEED_FIELDS.key,
      }),
    },
    handle: async ({ input, staff, redirect }) => {
      const { roubles, key } = input.body
      await addThreshold(deps, { amount: parseMoney(roubles, 'RUB'), author: staff, key })
      redirect(`${FUND}?done=done`)
    },
  })

const removeOne = (deps: FundRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${FUND}/thresholds/:id/remove`,
    policy: staffWith('fund.change'),
    summary: 'Removes such an amount.',
    input: { params: z.object({ id: z.string().refine(looksLikeId) }), body: z.object({ key: DEED_FIELDS.key }) },
    handle: async ({ input, staff, redirect }) => {
      await removeThreshold(deps, { id: input.params.id, author: staff, key: input.body.key })
      redirect(`${FUND}?done=done`)
    },
  })

const DAY = z.union([z.literal(''), z.string().refine(isDay)]).optional()
const QUERY = z.object({ kind: z.union([z.literal(''), z.enum(MOVEMENT_KINDS)]).optional(), from: DAY, to: DAY })
const CURSOR = z.string().regex(/^[1-9]\d{0,17}$/)

const filterOf = ({ kind, from, to }: z.output<typeof QUERY>, zone: string): MovementFilter => ({
  kind: kind === '' ? undefined : kind,
  from: from ? dayStart(from, zone) : undefined,
  to: to ? dayEnd(to, zone) : undefined,
})

const showMovements = (deps: FundRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: MOVEMENTS,
    policy: staffWith('fund.read'),
    summary: 'Lists what came into the fund and went out of it, newest first.',
    input: { query: QUERY.extend({ before: CURSOR.optional() }) },
    handle: async (context) => {
      const { db, zone } = deps
      const { before, ...filters } = context.input.query
      const [reader, { t }] = [{ ...context, zone }, context]
      const cursor = before === undefined ? undefined : BigInt(before)
      const found = await listFundMovements(db, { ...filterOf(filters, zone), before: cursor, limit: PAGE + 1 })
      const movements = await asKnownTo(deps, found.slice(0, PAGE), context.staff)
      const view = { movements, hasMore: found.length > PAGE, query: { ...filters, before } }
      const label = {
        kind: (kind: string) => kindText(kind as 'deposit', reader),
        from: (day: string) => `${t('fund.from')} ${day}`,
        to: (day: string) => `${t('fund.to')} ${day}`,
      }
      context.page('backoffice/fund-movements', {
        frame: frameOf(context, 'fund'),
        table: presentMovements({ ...view, links: may(context.staff, 'payments.read') }, reader),
        filters,
        kinds: kindChoices(reader),
        chips: chipsOf(MOVEMENTS, filters, label),
        exportHref: may(context.staff, 'lists.export') ? listHref(`${MOVEMENTS}.csv`, filters) : null,
      })
    },
  })

const exportMovements = (deps: FundRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${MOVEMENTS}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives what the same filters show as a CSV file.',
    input: { query: QUERY },
    handle: async (context) => {
      const { db, clock, zone } = deps
      const author = context.staff
      await inTransaction(db, (tx) => writeAudit(tx, [{ author, at: clock.now(), action: 'fund_exported', subject: 'fund' }]))
      const pages = allFundMovements(db, filterOf(context.input.query, zone))
      const reader = { ...context, zone }
      const pieces = csvFile(
        movementHeader(reader),
        rowsOf(pages, reader, (page) => asKnownTo(deps, page, author)),
      )
      await sendDownload(context.res, { name: 'fund.csv', type: CSV_TYPE, pieces })
    },
  })

async function* rowsOf(
  pages: ReturnType<typeof allFundMovements>,
  reader: Reader,
  known: (page: readonly FundMovement[]) => Promise<FundMovement[]>,
): AsyncGenerator<string[][]> {
  for await (const page of pages) yield (await known(page)).map((movement) => movementCells(movement, reader))
}
