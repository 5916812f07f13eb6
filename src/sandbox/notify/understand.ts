import { isObject } from '../http/json'
import type { AttemptOutcome } from '../state/notifications'

export interface Understood {
  readonly outcome: Extract<AttemptOutcome, 'accepted' | 'declined' | 'failed'>
  readonly code: string | null
  readonly reason: string | null
}

const failed = (reason: string, code: string | null = null): Understood => ({ outcome: 'failed', code, reason })

const DEFAULT_CODE = 'out_of_service'

/** What a shop's answer means (reference 4.3, Q-55): `out_of_service` and everything unreadable is repeated, any other code is a final no. */
export function understand(status: number, text: string): Understood {
  if (status !== 200) return failed(`HTTP ${status}`)
  return understandReply(parse(text))
}

/** The same for a reply that is JSON already. */
export function understandReply(reply: unknown): Understood {
  if (!isObject(reply)) return failed('not a JSON object')
  const { status, code } = reply
  if (status === 'success') return { outcome: 'accepted', code: 'success', reason: null }
  if (status !== 'error') return failed('neither success nor error')
  const named = typeof code === 'string' && code !== '' ? code.slice(0, 100) : DEFAULT_CODE
  return named === DEFAULT_CODE ? failed('the shop asks to repeat', named) : { outcome: 'declined', code: named, reason: null }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
