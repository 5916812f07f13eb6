import { HOUR, plus } from '../shared/clock'
import { engineOf, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'

/** Somebody without an account. Of the network address only a keyed digest is kept; the e-mail address is needed for the delivery. */
export interface GuestBuyer {
  readonly email: string
  /** Tells the same e-mail address again without telling which. */
  readonly digest: string
  /** The same of the network address. */
  readonly addressDigest: string
}

/** So many orders in an hour: each is a request to Invoicebox, which everybody shares, and may keep a voucher from others until it ends. */
export const MOST_OF_GUEST = { email: 5, address: 30 } as const
/** So many orders of guests at one network address may wait to be paid. */
export const MOST_OPEN_AT_ADDRESS = 5
/** So many of them where another is added to an invoice: anybody knows the id of an invoice who has its link, and what is added bars other ways to pay it. */
const MOST_OPEN_TO_JOIN = 3
/** So many orders on an invoice may wait to be paid, whoever added them. */
const MOST_OPEN_ON_INVOICE = 2
/** So many orders of all guests may wait to be paid: whoever has many addresses must not empty every stock. */
export const MOST_OPEN_OF_GUESTS = 1_000

/** Counts under a lock that all guests share, so that a hundred forms at once, at several processes, are counted one after the other. @throws Refusal too_many_requests */
export async function requireGuestMayBuy(tx: Tx, { digest, addressDigest }: GuestBuyer, now: Date): Promise<void> {
  const gate = tx('guest_gate').where({ id: 1 })
  await (engineOf(tx) === 'postgres' ? gate.forNoKeyUpdate() : gate).first('id')
  const [ofEmail, ofAddress, openAtAddress, open] = [
    await recentOf(tx, { email_digest: digest }, { now, most: MOST_OF_GUEST.email }),
    await recentOf(tx, { address_digest: addressDigest }, { now, most: MOST_OF_GUEST.address }),
    await openAt(tx, addressDigest),
    await tx('orders')
      .whereNull('member_id')
      .whereIn('state', [...OPEN])
      .limit(MOST_OPEN_OF_GUESTS)
      .select('id'),
  ]
  const isOver =
    ofEmail >= MOST_OF_GUEST.email ||
    ofAddress >= MOST_OF_GUEST.address ||
    openAtAddress >= MOST_OPEN_AT_ADDRESS ||
    open.length >= MOST_OPEN_OF_GUESTS
  if (isOver) throw new Refusal('too_many_requests')
}

/**
 * What is added to an invoice is paid by whoever pays that, and nothing proves that they asked for it: so it is kept to a few.
 * @param containerId of the invoice, in lower case; @param buyer a guest, if it is one; @throws Refusal too_many_requests
 */
export async function requireMayJoin(tx: Tx, containerId: string, buyer: GuestBuyer | undefined): Promise<void> {
  // Members lock rows of their own: whoever adds to the same invoice at this moment waits here. Taken after those rows, and nothing waits for a row of them behind it.
  if (engineOf(tx) === 'postgres') await tx.raw('select pg_advisory_xact_lock(hashtext(?))', [`joins ${containerId}`])
  const onInvoice: unknown[] = await tx('orders')
    .where({ container_id: containerId })
    .whereIn('state', [...OPEN])
    .limit(MOST_OPEN_ON_INVOICE)
    .select('id')
  const isOver = onInvoice.length >= MOST_OPEN_ON_INVOICE || (buyer && (await openAt(tx, buyer.addressDigest)) >= MOST_OPEN_TO_JOIN)
  if (isOver) throw new Refusal('too_many_requests')
}

const OPEN = ['creating', 'created'] as const

async function openAt(tx: Tx, addressDigest: string): Promise<number> {
  const found = tx('order_buyers as b')
    .join('orders as o', 'o.id', 'b.order_id')
    .where({ address_digest: addressDigest })
    .whereIn('o.state', [...OPEN])
  return (await found.limit(MOST_OPEN_AT_ADDRESS).select('o.id')).length
}

interface Within {
  readonly now: Date
  readonly most: number
}

/** Whatever became of them. */
async function recentOf(tx: Tx, where: Readonly<Record<string, string>>, { now, most }: Within): Promise<number> {
  const found = tx('order_buyers as b')
    .join('orders as o', 'o.id', 'b.order_id')
    .where(where)
    .where('o.created_at', '>', iso(plus(now, -HOUR)))
  return (await found.limit(most).select('o.id')).length
}

/** Who bought as a guest, in a table that erasure can empty. */
export async function insertBuyer(tx: Tx, orderId: string, { email, digest, addressDigest }: GuestBuyer): Promise<void> {
  await insertRows(tx, 'order_buyers', [{ order_id: orderId, email, email_digest: digest, address_digest: addressDigest }])
}

/** Whether a guest's order was made with this e-mail address; one whose address was forgotten may be anybody's. */
export async function isBuyerOf(db: Db, orderId: string, { digest }: Pick<GuestBuyer, 'digest'>): Promise<boolean> {
  const row: { email_digest: string } | undefined = await db('order_buyers').where({ order_id: orderId }).first('email_digest')
  return row === undefined || row.email_digest === digest
}

/** The e-mail address of a guest's order; undefined when it is a member's, and when it was forgotten. Personal: read it when it is used and keep it nowhere. */
export async function buyerAddress(db: Db, orderId: string): Promise<string | undefined> {
  const row: { email: string } | undefined = await db('order_buyers').where({ order_id: orderId }).first('email')
  return row?.email
}
