import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { decodeJson, isObject } from '../http/json'
import { newId } from '../state/chance'
import type { World } from '../state/world'

type Reply = Readonly<Record<string, unknown>>

/** One connected client of the gate: JSON-RPC 2.0, asked by us, answering by the id of the question. */
export interface GateClient {
  /** @param params JSON text. @returns the reply; null when none came in time or the connection ended */
  ask(method: string, params: string): Promise<Reply | null>
  hear(data: RawData): void
  /** Nobody answers any more. */
  end(): void
}

export function createGateClient(world: World, socket: WebSocket): GateClient {
  const waiting = new Map<string, (reply: Reply | null) => void>()
  const settle = (id: string, reply: Reply | null): void => {
    waiting.get(id)?.(reply)
    waiting.delete(id)
  }
  return {
    ask: (method, params) =>
      new Promise((resolve) => {
        const id = newId(world.chance, world.clock.now(), false)
        waiting.set(id, resolve)
        setTimeout(() => settle(id, null), world.settings.notificationTimeoutMs).unref()
        if (socket.readyState !== WebSocket.OPEN) settle(id, null)
        else socket.send(`{"jsonrpc":"2.0","id":"${id}","method":"${method}","params":${params}}`)
      }),
    hear(data) {
      const reply = decodeJson(bytesOf(data))?.value
      if (isObject(reply) && typeof reply['id'] === 'string') settle(reply['id'], reply)
    },
    end() {
      for (const id of [...waiting.keys()]) settle(id, null)
    },
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data)
  return Buffer.isBuffer(data) ? data : Buffer.from(data)
}
