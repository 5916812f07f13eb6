import type { Db, Tx } from '../shared/database'
import type { Money } from '../shared/money'
import type { Language } from '../shared/texts'

/** `points` come to the buyer's account; a `voucher` is a code out of a stock; a `code` stands for points that any member may redeem. */
export type OrderGoods = 'points' | 'voucher' | 'code'

/** What whoever fulfils an order must know of it. */
export interface Fulfilled {
  readonly id: string
  readonly goods: OrderGoods
  readonly offerId: string | null
  readonly points: Money
  readonly language: Language
}

/** `fresh`: handed out, and nobody has seen it yet. `seen`: shown or sent, so it may have been used, of which only a top-up code tells: `redeemed`. */
export type CodeUse = 'fresh' | 'seen' | 'redeemed' | 'withdrawn'

/** What is known of a code that was handed out, without the code. */
export interface CodeFacts {
  readonly use: CodeUse
  readonly shownAt: Date | null
  readonly mailedAt: Date | null
}

export interface Withdrawal {
  readonly order: Pick<Fulfilled, 'id' | 'goods'>
  /** Whether a code that was seen goes as well, since staff say that it was not used. */
  readonly evenSeen: boolean
  readonly at: Date
}

/** A code that was sold does not open under the secret that is set. Whoever shows codes says that it is being looked into, since the code may well be good. */
export class CodeUnreadable extends Error {
  override name = 'CodeUnreadable'
  constructor() {
    super('a code that was sold does not open: CODES_SECRET is not what it was sealed under')
  }
}

/** How anything but points is handed out. The room that knows the stock hands it in, since it stands above this one. */
export interface Fulfilment {
  /** Sets the goods of a new order aside, in the transaction that writes it. @throws Refusal sold_out */
  reserve(tx: Tx, order: Fulfilled, at: Date): Promise<void>
  /** Hands them out and has the buyer told by letter, in the transaction that records the payment; false when there is nothing left to hand out. Twice is once. */
  deliver(tx: Tx, order: Fulfilled, at: Date): Promise<boolean>
  /** Lets what was set aside go, when the order ends unpaid. */
  release(tx: Tx, orderId: string, at: Date): Promise<void>
  /** The code that the buyer has bought, for the buyer alone; null while there is none, and when it was withdrawn. Notes that it was seen. @throws CodeUnreadable */
  show(db: Db, order: Pick<Fulfilled, 'id' | 'goods'>, at: Date): Promise<string | null>
  /** What became of the code; null while none was handed out. */
  look(db: Db, order: Pick<Fulfilled, 'id' | 'goods'>): Promise<CodeFacts | null>
  /** Takes codes out of use for good, in the transaction that begins a refund. @throws Refusal refund_not_possible when one was seen or redeemed by then */
  withdraw(tx: Tx, withdrawals: readonly Withdrawal[]): Promise<void>
  /** Gives the buyers what was withdrawn, when no money goes back after all. To nobody else: a code that was handed out is never sold again. */
  restore(tx: Tx, withdrawals: readonly Pick<Withdrawal, 'order' | 'at'>[]): Promise<void>
}
