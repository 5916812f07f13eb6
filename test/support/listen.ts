import { createServer } from 'node:http'
import type { RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Listener {
  readonly url: string
  readonly port: number
  serve(app: RequestListener): void
  close(): Promise<void>
}

/** Takes a free port on the loopback address first and serves on it later, for parts that must know their own address. */
export function listenOn(): Promise<Listener> {
  const server = createServer()
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      resolve({
        url: `http://127.0.0.1:${port}`,
        port,
        serve: (app) => void server.on('request', app),
        close: () =>
          new Promise((done) => {
            server.close(() => done())
            server.closeAllConnections()
          }),
      })
    })
  })
}
