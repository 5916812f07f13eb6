import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'

/**
 * An Invoicebox that says yes at once and remembers nothing, as a program: its port is the one argument. It is there so that the gateway's own speed shows;
 * whoever wants to know how Invoicebox behaves takes the sandbox.
 */
async function answer(request: IncomingMessage): Promise<object> {
  const path = request.url ?? ''
  if (path.endsWith('/confirm')) {
    const { partnerOperationId } = JSON.parse(await text(request)) as { partnerOperationId: string }
    return { data: { partnerOperationId, id: randomUUID() }, extendedData: [] }
  }
  if (path.includes('/auth')) return { data: { userId: 'bench' }, extendedData: [] }
  return { data: invoice(path.split('/').at(-1)?.split('?')[0] ?? ''), extendedData: [] }
}

const invoice = (id: string): object => ({
  id,
  number: 'BENCH-1',
  createdAt: new Date().toISOString(),
  expirationDate: new Date(Date.now() + 3_600_000).toISOString(),
  description: 'An order of the bench',
  amount: 1,
  vatAmount: 0,
  currencyId: 'RUB',
  customer: { type: 'private' },
  status: 'pending',
  paymentUrl: 'http://127.0.0.1:9/order',
})

const server = createServer((request, response) => {
  void answer(request).then((body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)))
})
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
server.listen(Number(process.argv[2]), '127.0.0.1')
