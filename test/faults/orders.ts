import type { FaultPoint } from '../../src/payments'
import type { Timeouts } from '../../src/invoicebox'

/** What the harness tells a gateway's process. */
export type Order =
  | {
      readonly do: 'start'
      readonly env: Readonly<Record<string, string>>
      /** Holds the milliseconds by which this process's clock differs, as eight bytes. */
      readonly clockFile: string
      readonly timeouts: Partial<Timeouts>
    }
  /** Does what the worker does, now. */
  | { readonly do: 'work'; readonly number: number }
  /** At this step, after it was passed so many times, the process kills or stops itself; without a step it does no longer. */
  | { readonly do: 'trap'; readonly step: FaultPoint | null; readonly skip: number; readonly signal: 'SIGKILL' | 'SIGSTOP' }
  /** Writes down what was compiled of the program so far, for the processes that start later. */
  | { readonly do: 'keep-code' }

/** What a process answers. */
export type Answer =
  | { readonly say: 'loaded' }
  | { readonly say: 'listening'; readonly port: number }
  | { readonly say: 'not-started'; readonly why: string }
  | { readonly say: 'worked'; readonly number: number }
  | { readonly say: 'armed' }
  | { readonly say: 'trapped' }
