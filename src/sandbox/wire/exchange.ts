import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { encodeJson } from '../http/json'
import { forJournal } from '../state/journal'
import type { JournalEntry } from '../state/journal'
import type { World } from '../state/world'
import type { Answer, ApiCall, ApiRoute } from './call'
import { processCall } from './process'

/** One request being answered, with its line in the journal. */
export interface Exchange {
  readonly world: World
  readonly call: ApiCall
  readonly route: ApiRoute
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly entry: JournalEntry
  /** Raised when the sandbox stops: waiting and endless answers end then. */
  readonly stopping: AbortSignal
}

export const processExchange = (exchange: Exchange): Answer => processCall(exchange.world, exchange.route, exchange.call)

/** What the journal must not keep. */
export const secretsOf = ({ partner, merchant }: World): readonly string[] => [partner.token, merchant.token]

/** The line in the journal is finished before the answer leaves, so that whoever got the answer finds the line complete. */
export function settleEntry(world: World, entry: JournalEntry, status: number | null, body: string | null): void {
  entry.status = status
  entry.ms = Date.now() - entry.at.getTime()
  entry.responseBody = body === null ? null : forJournal(body, secretsOf(world))
}

type Sending = Pick<Exchange, 'world' | 'res' | 'entry'>

export function sendText(to: Sending, status: number, headers: Readonly<Record<string, string>>, body: string): void {
  settleEntry(to.world, to.entry, status, body)
  const bytes = Buffer.from(body)
  to.res.writeHead(status, { ...headers, 'Content-Length': String(bytes.length), 'Cache-Control': 'no-cache, private' })
  to.res.end(bytes)
}

export const sendAnswer = (to: Sending, answer: Answer): void =>
  sendText(to, answer.status, { ...answer.headers, 'Content-Type': 'application/json' }, encodeJson(answer.payload))

/** The connection is closed without an answer; the journal keeps what would have been said. */
export function cutConnection(exchange: Exchange, lost: Answer | null): void {
  settleEntry(exchange.world, exchange.entry, null, lost && encodeJson(lost.payload))
  exchange.req.socket.destroy()
}

/** TCP RST instead of an answer. */
export function resetConnection(exchange: Exchange, lost: Answer | null): void {
  settleEntry(exchange.world, exchange.entry, null, lost && encodeJson(lost.payload))
  exchange.req.socket.resetAndDestroy()
}

/** @returns false when the sandbox is stopping and nothing more should happen */
export async function wait(exchange: Exchange, milliseconds: number): Promise<boolean> {
  return pause(milliseconds, true, { signal: exchange.stopping }).catch(() => false)
}
