import type { InTurn } from '../payments'
import { Refusal } from '../shared/refusals'

/**
 * Holds of one chunk, in the order of payment: each waits for those before it, and only the confirms go side by side. Otherwise an invoice of a lower priority, or a later one,
 * could take what the fund has left when it does not reach for the one before it any more.
 */
export class HoldOrder {
  private last: Promise<unknown> = Promise.resolve()
  private isShort = false

  /**
   * The next place in the order.
   * @param work pays one invoice, holding in its turn; its place is free once it has held, or has ended without
   * @returns what the work returns
   */
  next<T>(work: (inTurn: InTurn) => Promise<T>): Promise<T> {
    const before = this.last
    let leave: () => void = () => undefined
    const left = new Promise<void>((resolve) => (leave = resolve))
    this.last = Promise.all([before, left])
    return work((hold) => before.then(() => this.hold(hold)).finally(leave)).finally(leave)
  }

  /** @throws Refusal fund_floor_reached, and nothing is held, where the fund has not reached for one before */
  private async hold<T>(hold: () => Promise<T>): Promise<T> {
    if (this.isShort) throw new Refusal('fund_floor_reached')
    try {
      return await hold()
    } catch (error) {
      if (error instanceof Refusal && error.code === 'fund_floor_reached') this.isShort = true
      throw error
    }
  }
}
