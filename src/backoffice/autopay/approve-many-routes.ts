import { z } from 'zod'
import { readInvoicesOf } from '../../autopay'
import type { KeptInvoice } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { newId, sha256 } from '../../shared/ids'
import { toDecimal } from '../../shared/money'
import { Refusal } from '../../shared/refusals'
import { formatMoney } from '../../shared/texts/format'
import { DEED_FIELDS } from '../deed-routes'
import type { AutopayPagesDeps } from './deps'
import { AUTOPAY } from './paths'
import { deskOf } from './desk'
import { amountText, numberText, tabPath } from './present-queue'
import { countFailure, emptyTally, tallyInAddress } from './tally'
import type { Tally } from './tally'

/** An invoice and the amount that was shown: `<id>=1500.00`. */
const PICK = z.string().regex(/^[0-9a-f-]{36}=\d{1,13}\.\d\d$/)
const MOST = 50

const BODY = z.object({
  pick: z.union([PICK.transform((one) => [one]), z.array(PICK).max(MOST)]).optional(),
  ...DEED_FIELDS,
  reason: DEED_FIELDS.reason.optional(),
})

interface Picked {
  readonly invoice: string
  readonly roubles: string
}

const picksOf = (picked: readonly string[] = []): Picked[] =>
  [...new Set(picked)].map((one) => {
    const [invoice = '', roubles = ''] = one.split('=')
    return { invoice, roubles }
  })

/** Approving many at once: each is its own deed, so that what one of them meets does not hold up the others. */
export const approveManyRoutes = (deps: AutopayPagesDeps): Route[] => [
  defineRoute({
    method: 'post',
    path: `${AUTOPAY}/approve`,
    policy: staffWith('autopay.approve'),
    summary: 'Shows the invoices that were picked, then signs them all; safe to send twice.',
    input: { body: BODY },
    handle: async (context) => {
      const { pick, confirmed, key, reason } = context.input.body
      const picks = picksOf(pick)
      if (confirmed === undefined || key === undefined || reason === undefined) return showPicked(deps, context, picks)
      const tally = await approveAll(deps, picks, { staff: context.staff, reason, key })
      context.redirect(`${tabPath('mine')}?tally=${tallyInAddress(tally)}`)
    },
  }),
]

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

async function showPicked({ db, zone }: AutopayPagesDeps, context: Context, picks: readonly Picked[]): Promise<void> {
  const { organisations, desk } = await deskOf(context, { db, zone, part: 'queues', back: tabPath('mine') })
  const ids = picks.map(({ invoice }) => invoice)
  const found = await readInvoicesOf(db, ids, organisations)
  const shown = picks.flatMap(({ invoice, roubles }) => {
    const kept = found.find(({ id }) => id === invoice)
    return kept && isSame(kept, roubles) ? [{ kept, roubles }] : []
  })
  const sum = shown.reduce((total, { kept }) => total + (kept.amount?.minor ?? 0n), 0n)
  const total = { count: String(shown.length), amount: formatMoney({ minor: sum, unit: 'RUB' }, context.language) }
  context.page('backoffice/autopay-approve', {
    ...desk,
    items: shown.map(({ kept, roubles }) => ({
      number: numberText(kept),
      amount: amountText(kept.amount, context),
      description: kept.description,
      value: `${kept.id}=${roubles}`,
    })),
    total: context.t('autopay.approve.total', total),
    submit: context.t('autopay.approve.submit', { count: total.count }),
    key: newId(),
    back: tabPath('mine'),
  })
}

const isSame = ({ amount }: KeptInvoice, roubles: string): boolean => amount !== null && toDecimal(amount.minor) === roubles

async function approveAll(
  { approvals, deeds }: AutopayPagesDeps,
  picks: readonly Picked[],
  { staff, reason, key }: { staff: StaffActor; reason: string; key: string },
): Promise<Tally> {
  const tally = emptyTally()
  for (const payload of picks) {
    const order = { payload: { ...payload }, author: staff, reason, key: `${key}:${sha256(payload.invoice).slice(0, 16)}` }
    try {
      tally[(await approvals.submit(deeds.invoices.approve, order)).state] += 1
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      countFailure(tally, error.code)
    }
  }
  return tally
}
