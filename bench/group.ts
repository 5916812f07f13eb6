import type { Chance } from '../test/support/chance'
import type { Cluster } from './cluster'
import type { Comparison, Figure } from './measure'

/** How a run of the bench was asked for. */
export interface Plan {
  /** How long one workload runs at a time. */
  readonly seconds: number
  readonly rounds: number
  /** A try-out: small data, few rounds. Its figures say whether the bench works, not how fast the gateway is. */
  readonly quick: boolean
}

/** What the cases are given. */
export interface Bench {
  readonly plan: Plan
  readonly chance: Chance
  /** For files of this run; removed at the end. */
  readonly folder: string
  /** The run's PostgreSQL, started when it is first asked for. */
  postgres(): Promise<Cluster>
  /** The folder of the built product, built when it is first asked for. */
  product(): Promise<string>
  readonly progress: (line: string) => void
}

/** Some comparisons on common ground, ready to be run. */
export interface Prepared {
  readonly comparisons: readonly Comparison[]
  /** Fewer rounds, or no warm-up, for what takes minutes. */
  readonly rounds?: number
  readonly warmUpCalls?: number
  /** Done between the warm-up and the first round. */
  readonly warmedUp?: () => Promise<void>
  /** Told after the rounds: figures that need no baseline. */
  readonly figures?: () => Promise<readonly Figure[]>
  /** Ends what was started, and throws when the books do not balance. */
  close(): Promise<void>
}

/** A part of the bench that can be run on its own: `--only NAME`. */
export interface Group {
  readonly name: string
  readonly about: string
  prepare(bench: Bench): Promise<Prepared>
}
