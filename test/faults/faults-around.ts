import { FAULT_POINTS } from '../../src/payments'
import { DAY, HOUR, SECOND } from '../../src/shared/clock'
import type { Maker, Setting } from './faults-upstream'
import type { Deed } from './plan'

const YEARS = 3_652 * DAY

const anySlot = ({ chance, slots }: Setting): number => chance.below(slots)

const signal =
  (name: 'SIGKILL' | 'SIGTERM'): Maker =>
  (at) => ({ by: 'signal', slot: anySlot(at), signal: name })

/** Longer than a lease, so that the payments of a frozen process pass on to another. */
const asleep = (at: Setting): Pick<Extract<Deed, { by: 'freeze' }>, 'by' | 'slot' | 'forMs' | 'passesMs'> => ({
  by: 'freeze',
  slot: anySlot(at),
  forMs: at.chance.between(100, 350),
  passesMs: at.chance.between(16, 75) * SECOND,
})

const gatewayJumps =
  (jumpMs: number): Maker =>
  (at) => ({
    by: 'clock',
    whose: at.chance.happens(50) ? 'all' : anySlot(at),
    jumpMs: at.chance.happens(50) ? jumpMs : -jumpMs,
    waves: at.chance.between(0, 2),
  })

const invoiceboxJumps =
  (...jumps: number[]): Maker =>
  ({ chance }) => ({ by: 'clock', whose: 'invoicebox', jumpMs: chance.oneOf(jumps), waves: 4 })

const merchant =
  (does: 'cancel' | 'deadline' | 'amount', ...whens: ('before' | 'meanwhile' | 'after')[]): Maker =>
  ({ chance, scenes }) => ({ by: 'merchant', does, scene: chance.oneOf(scenes), when: chance.oneOf(whens) })

/** Everything that may happen to our own processes, to their database and clocks, and what merchants do. */
export const FAULTS_AROUND = {
  'process killed': signal('SIGKILL'),
  'process told to end': signal('SIGTERM'),
  'process killed at a step': (at) => ({ by: 'trap', slot: anySlot(at), step: at.chance.oneOf(FAULT_POINTS), skip: at.chance.below(3) }),
  'process frozen': (at) => ({ ...asleep(at), step: null }),
  'process frozen at a step': (at) => ({ ...asleep(at), step: at.chance.oneOf(FAULT_POINTS) }),
  'database restarted': () => ({ by: 'database', mode: 'fast' }),
  'database crashes': () => ({ by: 'database', mode: 'immediate' }),
  'a clock jumps an hour': gatewayJumps(HOUR),
  'a clock jumps ten years': gatewayJumps(YEARS),
  "Invoicebox's clock goes ahead": invoiceboxJumps(HOUR, 3 * DAY, YEARS),
  "Invoicebox's clock goes back": invoiceboxJumps(-HOUR, -YEARS),
  'the merchant cancels': merchant('cancel', 'before', 'meanwhile', 'after'),
  'the merchant changes the amount': merchant('amount', 'before', 'meanwhile'),
  'the deadline passes': merchant('deadline', 'before', 'meanwhile', 'after'),
  "Invoicebox's fund is too low": () => ({ by: 'fund' }),
} satisfies Record<string, Maker>
