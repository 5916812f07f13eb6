import { SECOND, plus } from '../shared/clock'
import type { Clock } from '../shared/clock'
import type { CircuitState } from './types'

/** What one call says about upstream: it works (a business error included), it is out, or it does not know us. */
export type Verdict = 'alive' | 'outage' | 'unauthorized'

export const OUTAGES_TO_OPEN = 5
/** As long as the official client rests (2.8). */
export const OPEN_MS = 30 * SECOND

type Reason = 'unauthorized' | 'outage'

/** The right to make one call; say afterwards how it went. */
export interface Pass {
  report(verdict: Verdict): void
}

/**
 * Holds calls back while asking is useless. It opens at once when our token is refused, and after five outages in a row.
 * After 30 s one call is let through as a probe; only its verdict closes or renews the circuit.
 */
export class Circuit {
  private outages = 0
  private opened: { reason: Reason; until: Date } | null = null
  private probe: Pass | null = null

  constructor(private readonly clock: Clock) {}

  /** `null` while calls are held back. */
  enter(): Pass | null {
    if (this.state().open) return null
    const pass: Pass = { report: (verdict) => this.learn(pass, verdict) }
    if (this.opened) this.probe = pass
    return pass
  }

  state(): CircuitState {
    if (!this.opened) return { open: false }
    const { reason, until } = this.opened
    const remaining = until.getTime() - this.clock.now().getTime()
    // A clock that was put back must not keep us waiting for years: the rest starts anew, once.
    if (remaining > OPEN_MS) this.open(reason)
    return remaining > 0 || this.probe ? { open: true, ...this.opened } : { open: false }
  }

  /** A call from before the circuit opened says nothing about upstream as it is now, unless it says that we are unknown there. */
  private learn(pass: Pass, verdict: Verdict): void {
    const isProbe = this.probe === pass
    if (isProbe) this.probe = null
    const isStale = this.opened !== null && !isProbe
    if (verdict === 'unauthorized') this.open('unauthorized')
    else if (!isStale && verdict === 'alive') this.close()
    else if (!isStale) this.countOutage(isProbe)
  }

  private countOutage(isProbe: boolean): void {
    this.outages += 1
    if (isProbe || this.outages >= OUTAGES_TO_OPEN) this.open('outage')
  }

  private open(reason: Reason): void {
    this.opened = { reason, until: plus(this.clock.now(), OPEN_MS) }
  }

  private close(): void {
    this.opened = null
    this.outages = 0
  }
}
