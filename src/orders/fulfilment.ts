import type { Db, Tx } from '../shared/database'
import type { Money } from '../shared/money'

/** `points` come to the buyer's account; a `voucher` is a code out of a stock; a `code` stands for points that any member may redeem. */
export type OrderGoods = 'points' | 'voucher' | 'code'

/** What whoever fulfils an order must know of it. */
export interface Fulfilled {
  readonly id: string
  readonly goods: OrderGoods
  readonly offerId: string | null
  readonly points: Money
}

/** How anything but points is handed out. The room that knows the stock hands it in, since it stands above this one. */
export interface Fulfilment {
  /** Sets the goods of a new order aside, in the transaction that writes it. @throws Refusal sold_out */
  reserve(tx: Tx, order: Fulfilled, at: Date): Promise<void>
  /** Hands them out, in the transaction that records the payment; false when there is nothing left to hand out. Twice is once. */
  deliver(tx: Tx, order: Fulfilled, at: Date): Promise<boolean>
  /** Lets what was set aside go, when the order ends unpaid. */
  release(tx: Tx, orderId: string, at: Date): Promise<void>
  /** The code that the buyer has bought, for the buyer alone; null while there is none. Notes that it was seen. */
  show(db: Db, order: Fulfilled, at: Date): Promise<string | null>
}
