import { SECOND } from '../../shared/clock'

/** A slot in hand is good for so long; whoever slept on it takes another. A payment reads the invoice and places its holds meanwhile. */
export const PERMIT_GOOD_FOR_MS = 15 * SECOND

/** Told what becomes of a slot. */
export interface SlotKeeper {
  /** Whether Invoicebox has told us to stay away since the slot was taken. */
  isClosed(): boolean
  answered(id: string): void
  /** A 429. */
  limited(id: string, retryAfterMs: number): void
  returned(ids: readonly string[]): void
}

/** The right to send one request. Say what became of it; a slot of which nothing is said counts as long as the longest request may take, and a window more. */
export interface Slot {
  answered(): void
  limited(retryAfterMs: number): void
  /** Nothing left this machine. */
  returned(): void
}

/** Slots that were taken together, before any of them is needed. */
export interface Permit {
  /** How many are left. */
  readonly left: number
  /** One of them; undefined when none is left, or it would not be good to use it now: then one is taken as usual. */
  spend(): Slot | undefined
  /** Gives back what was not spent. May be called more than once. */
  giveBack(): void
}

/** @param takenAt the tick before the slots were asked for: a process that slept over the answer must not take them for fresh */
export function createPermit(ids: readonly string[], keeper: SlotKeeper, takenAt: number): Permit {
  let unspent = [...ids]
  return {
    get left() {
      return unspent.length
    },
    spend() {
      if (keeper.isClosed() || performance.now() - takenAt > PERMIT_GOOD_FOR_MS) return undefined
      const id = unspent.shift()
      return id === undefined ? undefined : createSlot(id, keeper)
    },
    giveBack() {
      if (unspent.length > 0) keeper.returned(unspent)
      unspent = []
    },
  }
}

const createSlot = (id: string, keeper: SlotKeeper): Slot => ({
  answered: () => keeper.answered(id),
  limited: (retryAfterMs) => keeper.limited(id, retryAfterMs),
  returned: () => keeper.returned([id]),
})

const NOTHING = (): void => undefined
const FREE_SLOT: Slot = { answered: NOTHING, limited: NOTHING, returned: NOTHING }

/** Where no limit was agreed: as many slots as were asked for, and nobody counts. */
export const freePermit = (slots: number): Permit => {
  let left = slots
  return {
    get left() {
      return left
    },
    spend: () => (left-- > 0 ? FREE_SLOT : undefined),
    giveBack: NOTHING,
  }
}
