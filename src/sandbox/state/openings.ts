/** A payment page that a mini-app handed to its host. */
export interface Opening {
  /** The mini-app: its place in the list. */
  readonly app: number
  /** The query that the host page was opened with, so that the buyer comes back to the same one. */
  readonly query: string
  /** Of the host page; null: the usual one. */
  readonly lang: 'en' | null
}
