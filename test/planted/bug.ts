/** A mistake that somebody might make, and what should notice it. */
export interface PlantedBug {
  readonly name: string
  /** What goes wrong, for a reader. */
  readonly about: string
  readonly edits: readonly Edit[]
  /** The number of the first schedule; 0 unless a bug shows in certain schedules alone. */
  readonly from?: number
  /** So many schedules may pass before the tests below are asked. */
  readonly schedules: number
  /** Test files that must notice what the harness does not. */
  readonly tests: readonly string[]
}

export interface Edit {
  readonly file: string
  /** Occurs exactly once in the file: `list.test.ts` sees to it. */
  readonly find: string
  readonly replace: string
}
