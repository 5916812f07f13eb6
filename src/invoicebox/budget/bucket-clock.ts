import { SECOND } from '../../shared/clock'

/** Two readings of one moment: the database's clock, and this process's own tick, which nobody can set. */
interface Reading {
  readonly clock: number
  readonly tickBefore: number
}

/** A gap between two looks at least this much longer than it took is a clock that was set, not one that runs a little fast. */
const TOLERANCE_MS = 100
/** Beyond that, what two good clocks may differ. */
const TOLERANCE_SHARE = 0.001

/**
 * Notices when the clock that dates the slots was set ahead. The bucket keeps how far in all (`offset`), and its own time is the clock less the offset: a jump ahead
 * frees no slot before its time. Whoever notices first corrects it for everybody; the others then find nothing to correct. A process that was started after the jump
 * cannot notice. A clock set back is no matter here: it only makes slots look as if they were taken in the future, and the store dates those anew.
 */
export class BucketClock {
  private last: Reading | undefined
  private lastOffset = 0

  /**
   * @param reading the clock, with the tick before it was asked for and the tick after the answer: in between it was read
   * @returns the offset as it must be from now on
   */
  offsetAfter(offset: number, reading: Reading & { readonly tickAfter: number }): number {
    const corrected = offset + this.jump(offset, reading)
    this.last = { clock: reading.clock, tickBefore: reading.tickBefore }
    this.lastOffset = corrected
    return corrected
  }

  private jump(offset: number, { clock, tickAfter }: Reading & { readonly tickAfter: number }): number {
    if (!this.last) return 0
    const byClock = clock - offset - (this.last.clock - this.lastOffset)
    const atMost = tickAfter - this.last.tickBefore
    const excess = Math.floor(byClock - atMost)
    return excess > TOLERANCE_MS + atMost * TOLERANCE_SHARE ? excess : 0
  }
}

/** What a slot is kept longer than the window: a clock that is being drawn into step runs a little fast meanwhile. */
export const marginMs = (windowMs: number): number => Math.ceil(windowMs / SECOND)
