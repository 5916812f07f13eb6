import type { HoldInTurn } from '../payments'
import { Refusal } from '../shared/refusals'

/**
 * Holds of one chunk, in the order of payment: each waits for those before it, and only the confirms go side by side. What the fund does not reach for any more is kept from
 * lower priorities, as in the plan; others of the same priority may still fit.
 */
export class HoldOrder {
  private last: Promise<unknown> = Promise.resolve()
  private shortAt: number | null = null

  /**
   * The next place in the order.
   * @param priority of the rule, 1 comes first
   * @param work pays one invoice, holding in its turn; its place is free once it has held, or has ended without
   * @returns what the work returns
   */
  next<T>(priority: number, work: (holdInTurn: HoldInTurn) => Promise<T>): Promise<T> {
    const before = this.last
    let leave: () => void = () => undefined
    const left = new Promise<void>((resolve) => (leave = resolve))
    this.last = Promise.all([before, left])
    return work((hold) => before.then(() => this.hold(priority, hold)).finally(leave)).finally(leave)
  }

  /** @throws Refusal fund_floor_reached, and nothing is held, where the fund has not reached for a higher priority */
  private async hold<T>(priority: number, hold: () => Promise<T>): Promise<T> {
    if (this.shortAt !== null && priority > this.shortAt) throw new Refusal('fund_floor_reached')
    try {
      return await hold()
    } catch (error) {
      if (error instanceof Refusal && error.code === 'fund_floor_reached') this.shortAt ??= priority
      throw error
    }
  }
}
