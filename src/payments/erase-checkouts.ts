import { DAY, plus } from '../shared/clock'
import { iso } from '../shared/database'
import type { Tx } from '../shared/database'
import { forgetReadingsOf } from '../invoicebox'

/** Those on which nothing was paid are forgotten after seven days, and nothing else finds them but their age. */
const YOUNG_MS = 8 * DAY
const AT_ONCE = 500

/**
 * Empties what checkouts of a member say in words and links: the description of an invoice may name a person. Those of the same invoices on which nobody has signed in
 * go with them, and so do fresh readings. What a payment is about stays: amounts, the invoice's id and number.
 */
export async function eraseCheckouts(tx: Tx, member: { readonly id: string }, at: Date): Promise<Record<string, number>> {
  const young = iso(plus(at, -YOUNG_MS))
  const empty = { description: null, success_url: null, fail_url: null, return_url: null }
  const paid = tx('payments').where({ member_id: member.id })
  const recent = tx('checkouts').where({ member_id: member.id }).where('created_at', '>', young)
  const invoiceIds = await idsOf(paid.clone().select('invoice_id as id').union(recent.clone().select('invoice_id as id')))
  const checkoutIds = await idsOf(paid.clone().select('checkout_id as id').union(recent.clone().select('id')))
  for (const ids of inParts(checkoutIds)) await tx('checkouts').whereIn('id', ids).update(empty)
  for (const ids of inParts(invoiceIds)) {
    await tx('checkouts').whereNull('member_id').where('created_at', '>', young).whereIn('invoice_id', ids).update(empty)
    await forgetReadingsOf(tx, ids)
  }
  return { checkouts: checkoutIds.length }
}

const idsOf = async (query: PromiseLike<unknown>): Promise<string[]> => ((await query) as { id: string }[]).map(({ id }) => id)

const inParts = (ids: readonly string[]): string[][] =>
  Array.from({ length: Math.ceil(ids.length / AT_ONCE) }, (_, part) => ids.slice(part * AT_ONCE, (part + 1) * AT_ONCE))
