import { createServer } from 'node:net'

/** Below the range out of which the system gives ports to outgoing connections, so that a process which is started later, or replaced, finds its port free. */
const [FIRST, LAST] = [20_000, 31_000]

/** A port of the loopback address that nobody listens on, for a program that must be told its own. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST))
    if (await isFree(port)) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => void probe.close(() => resolve(true)))
  })
}
