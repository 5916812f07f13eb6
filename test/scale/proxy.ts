import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'

/** A wire between us and PostgreSQL that breaks at the worst moment. */
export interface Proxy {
  urlOf(databaseUrl: string): string
  /** The next commit happens, and its answer never arrives. */
  loseNextCommit(): void
  close(): Promise<void>
}

/** How PostgreSQL tells that a commit is done: the tag of the command, closed by a zero. */
const COMMITTED = Buffer.from('COMMIT\0')

export async function startProxy(): Promise<Proxy> {
  const server = new URL(process.env.TEST_POSTGRES_URL ?? '')
  let isArmed = false
  const front = createServer((client) => {
    const upstream = connect(Number(server.port), server.hostname)
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end)
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (isArmed && bytes.includes(COMMITTED)) {
        isArmed = false
        end()
      } else client.write(bytes)
    })
  })
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve))
  const { port } = front.address() as AddressInfo
  return {
    urlOf: (databaseUrl) => Object.assign(new URL(databaseUrl), { port: String(port) }).href,
    loseNextCommit: () => void (isArmed = true),
    close: () => new Promise((resolve) => front.close(() => resolve())),
  }
}
