import { iso } from '../shared/database'
import type { Checkout } from './checkouts'
import type { PaymentDeps } from './payment'

/**
 * Notes when a browser was first sent on from a page that told how its payment ended, for the payment's history. The answer neither waits for it nor fails with it:
 * a note that is lost is worth less than a buyer who is kept.
 */
export function noteLeft({ db, clock, log, background }: PaymentDeps, { id, leftAt }: Pick<Checkout, 'id' | 'leftAt'>): void {
  if (leftAt !== null) return
  const note = db('checkouts')
    .where({ id })
    .whereNull('left_at')
    .update({ left_at: iso(clock.now()) })
  const told = (error: unknown): void => log.warn({ checkout: id, err: error }, 'that a buyer was sent back could not be noted')
  // The call of `then` is what sends the statement.
  void background.follow(note.then(() => undefined, told))
}
