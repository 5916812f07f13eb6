import { z } from 'zod'
import { weighsMore } from '../approvals'
import type { Deed, Performer, Weight } from '../approvals'
import { noteUnchanged, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { countChosen, ordersHolding, withdrawChosen } from './code-imports'
import type { CodeChoice } from './code-imports'
import type { StorefrontDeps } from './deps'
import { lockOffer, readOffer } from './offer-store'
import { countCodes, EMPTY } from './stock-store'

const PAYLOAD = z.strictObject({
  offerId: z.uuid(),
  /** The moment of one import; null: whatever is free. */
  importedAt: z.iso.datetime().nullable(),
})
export type CodesPayload = z.output<typeof PAYLOAD>

export interface CodesWithdrawn {
  readonly withdrawn: number
  /** How many codes of the offer are free afterwards. */
  readonly free: number
  /** The numbers of the orders that hold codes of the choice: whoever pays those still gets theirs. */
  readonly reservedBy: readonly string[]
}

export type CodesDeed = Deed<CodesPayload, CodesWithdrawn>

/**
 * Taking free codes out of a stock, such as a batch that leaked or a file that was wrong. What orders have set aside stays theirs while they may be paid; when such an order
 * ends, its code goes after the others of its import. It weighs the price of what goes, and what one person takes out in parts counts together.
 */
export const withdrawDeed = (deps: StorefrontDeps): CodesDeed => ({
  kind: 'voucher_codes_withdrawn',
  permission: 'catalogue.change',
  payload: PAYLOAD,
  addsUp: true,
  weigh: async (payload, key) =>
    key !== undefined && (await wasCarriedOut(deps.db, keyOf(key)))
      ? 'never'
      : worthOf(deps.db, payload, await countChosen(deps.db, choiceOf(payload))),
  async preview(payload) {
    const [choice, { free, withdrawn }] = [choiceOf(payload), await stockOf(deps.db, payload)]
    const count = await countChosen(deps.db, choice)
    if (count === 0) throw new Refusal('sold_out')
    const held = (await ordersHolding(deps.db, choice)).join(', ')
    return {
      subject: `offer:${payload.offerId}`,
      before: { codes_free: String(free), codes_withdrawn: String(withdrawn), still_reserved: held || null },
      after: { codes_free: String(free - count), codes_withdrawn: String(withdrawn + count), still_reserved: held || null },
    }
  },
  wasDone: (key) => wasCarriedOut(deps.db, keyOf(key)),
  perform: (payload, by) => withdrawCodes(deps, payload, by),
})

const choiceOf = ({ offerId, importedAt }: CodesPayload): CodeChoice => ({
  offerId,
  importedAt: importedAt === null ? null : new Date(importedAt),
})

const stockOf = async (db: Db, { offerId }: CodesPayload) => (await countCodes(db, [offerId])).get(offerId) ?? EMPTY

/** @throws Refusal bad_input (detail: offer) for one that sells no codes */
async function worthOf(db: Db, { offerId }: CodesPayload, count: number): Promise<Weight> {
  const { price } = await readOffer(db, offerId)
  if (price === null) throw new Refusal('bad_input', 'offer')
  return count === 0 ? 'never' : money(price.minor * BigInt(count), price.unit)
}

/** @throws Refusal offer_changed when more codes are free by now than were weighed, key_reused where somebody else has used the key */
async function withdrawCodes({ db, clock }: StorefrontDeps, payload: CodesPayload, by: Performer): Promise<CodesWithdrawn> {
  requirePermission(by.author, 'catalogue.change')
  const [at, choice] = [clock.now(), choiceOf(payload)]
  return inTransaction(db, async (tx) => {
    await lockOffer(tx, payload.offerId)
    const isDone = await wasDone(tx, by)
    const withdrawn = isDone ? 0 : await withdrawChosen(tx, choice, at)
    const worth = await worthOf(tx, payload, withdrawn)
    if (weighsMore(worth, by.weighed)) throw new Refusal('offer_changed')
    if (!isDone) await tellWithdrawn(tx, payload, by, { withdrawn, at })
    return { withdrawn, free: (await stockOf(tx, payload)).free, reservedBy: await ordersHolding(tx, choice) }
  })
}

/** A confirmation that is sent again must not take what was imported in between. */
async function wasDone(tx: Tx, { author, key }: Performer): Promise<boolean> {
  if (!(await wasCarriedOut(tx, keyOf(key)))) return false
  if (!(await wasCarriedOut(tx, keyOf(key), author))) throw new Refusal('key_reused')
  return true
}

const keyOf = (key: string): string => `withdraw-codes:${key}`

async function tellWithdrawn(
  tx: Tx,
  { offerId, importedAt }: CodesPayload,
  { author, reason, key, approvedBy }: Performer,
  { withdrawn, at }: { readonly withdrawn: number; readonly at: Date },
): Promise<void> {
  const entry = { author, at, subject: `offer:${offerId}`, reason, instructionKey: keyOf(key) }
  // Others may have taken all of them: sent again, it must not take what came in since.
  if (withdrawn === 0) return noteUnchanged(tx, entry)
  const after = { codes: String(withdrawn), imported_at: importedAt }
  await writeAudit(tx, [{ ...entry, action: 'voucher_codes_withdrawn', after, ...(approvedBy && { approvedBy }) }])
}
