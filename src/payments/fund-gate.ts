import { plus, SECOND } from '../shared/clock'
import type { Clock } from '../shared/clock'

/**
 * After Invoicebox has said that the guarantee fund does not reach, new payments are refused before a hold for a few seconds; then the next one tries.
 * Each process finds out for itself, at the price of one payment that is held and released.
 */
export interface FundGate {
  isOpen(): boolean
  shut(): void
}

const SHUT_FOR_MS = 5 * SECOND

export function createFundGate(clock: Clock): FundGate {
  let shutAt: Date | undefined
  return {
    isOpen() {
      const now = clock.now()
      return shutAt === undefined || now < shutAt || now >= plus(shutAt, SHUT_FOR_MS)
    },
    shut() {
      shutAt = clock.now()
    },
  }
}
