import { request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { listenOn } from '../support/listen'

/** One address in front of several processes, as a load balancer gives them. Each request goes to the next of them, unless the test points at one. */
export interface Balancer {
  readonly url: string
  /** Whom to send requests to, by their addresses. */
  serve(targets: readonly string[]): void
  /** From now on to this one alone; without a number to each in turn. */
  pointAt(index?: number): void
  close(): Promise<void>
}

export async function startBalancer(): Promise<Balancer> {
  const front = await listenOn()
  let targets: readonly string[] = []
  let fixed: number | undefined
  let turn = 0
  front.serve((req, res) => {
    turn += 1
    forward(targets[fixed ?? turn % targets.length] ?? '', req, res)
  })
  return {
    url: front.url,
    serve: (given) => void (targets = given),
    pointAt: (index) => void (fixed = index),
    close: () => front.close(),
  }
}

function forward(target: string, req: IncomingMessage, res: ServerResponse): void {
  const { method, headers, url = '/' } = req
  const onward = request(new URL(url, target), { method, headers }, (answer) => {
    res.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(res)
  })
  onward.on('error', () => res.destroy())
  req.pipe(onward)
}
