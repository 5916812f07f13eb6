/** The request journal: what clients of the API asked and what they were answered. A bounded ring; the token never gets in. */
export interface JournalEntry {
  readonly requestId: string
  /** Real time, so that rates can be measured whatever the sandbox clock says. */
  readonly at: Date
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** The fault scope the request belongs to, e.g. `business.confirm`; null for an unknown route. */
  on: string | null
  requestBody: string | null
  responseBody: string | null
  /** null: nothing was answered (yet). */
  status: number | null
  ms: number | null
  fault: string | null
  readonly warnings: string[]
}

export const JOURNAL_SIZE = 2_000
const MOST_BODY = 8_000

export interface Journal {
  add(entry: JournalEntry): void
  newest(limit: number): JournalEntry[]
  clear(): void
}

export function createJournal(): Journal {
  let entries: JournalEntry[] = []
  return {
    add(entry) {
      entries.push(entry)
      if (entries.length > JOURNAL_SIZE) entries.shift()
    },
    newest: (limit) => entries.slice(-limit).reverse(),
    clear: () => void (entries = []),
  }
}

/** A body as the journal keeps it: bounded, secrets cut out. */
export function forJournal(text: string, secrets: readonly string[]): string {
  const hidden = hideSecrets(text, secrets)
  return hidden.length > MOST_BODY ? `${hidden.slice(0, MOST_BODY)}… (${hidden.length} characters)` : hidden
}

export const hideSecrets = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((shown, secret) => shown.replaceAll(secret, '[hidden]'), text)
