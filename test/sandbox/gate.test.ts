import { WebSocket } from 'ws'
import { openShop, order } from './shop'
import type { Shop } from './shop'
import { until } from '../support/until'
import { like, openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
let shop: Shop
const open: WebSocket[] = []
beforeAll(async () => {
  world = await openTestWorld()
  shop = await openShop()
})
beforeEach(async () => {
  await startClean(world)
  await world.control('PUT', '/settings', { notificationUrl: '' })
})
afterEach(async () => {
  for (const client of open.splice(0)) client.terminate()
  await until(async () => ((await world.control('GET', '/gate')) as unknown as { connections: number }).connections === 0)
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

interface Call {
  readonly jsonrpc: string
  readonly id: string
  readonly method: string
  readonly params: unknown
}

interface Client {
  readonly calls: Call[]
  hears(count: number): Promise<readonly Call[]>
  close(): Promise<void>
}

/** A shop on the gate; `result` is what it answers to every call. */
function connect(result: unknown = { status: 'success' }, token = world.sandbox.merchantToken): Promise<Client> {
  const socket = new WebSocket(`${world.sandbox.url.replace('http', 'ws')}/v3/gate/rpc?token=${token}`)
  open.push(socket)
  const calls: Call[] = []
  const looks = new Set<() => void>()
  socket.on('message', (data: Buffer) => {
    const call = JSON.parse(data.toString('utf8')) as Call
    calls.push(call)
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: call.id, result }))
    for (const look of looks) look()
  })
  const hears = (count: number) =>
    new Promise<readonly Call[]>((resolve) => {
      const look = (): void => {
        if (calls.length >= count) resolve(calls)
      }
      looks.add(look)
      look()
    })
  const close = () => new Promise<void>((resolve) => socket.once('close', () => resolve()).close())
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve({ calls, hears, close }))
    socket.once('error', reject)
  })
}

const pay = (id: string) => world.control('POST', `/orders/${id}/pay`)
const outcomes = async () =>
  ((await world.controlList('/notifications')) as unknown as { channel: string; outcome: string; code: string }[]).map(
    ({ channel, outcome, code }) => [channel, outcome, code],
  )

test('a connected shop is called with the order; its reply is read like that of the other channel', async () => {
  const client = await connect()
  const { id } = await order(world)
  await pay(id)
  const [call] = await client.hears(1)
  expect(call).toEqual({
    jsonrpc: '2.0',
    id: like(/./),
    method: 'onOrderStatusChange',
    params: [expect.objectContaining({ id, status: 'completed' }) as object],
  })
  await until(async () => (await outcomes()).some(([channel, outcome]) => channel === 'gate' && outcome === 'accepted'))
  await world.control('PUT', '/clock', { advanceSeconds: 24 * 3_600 })
  expect(client.calls).toHaveLength(1)
})

test('what was missed is said again on connecting, until somebody has understood it', async () => {
  const [first, second] = [await order(world), await order(world)]
  await pay(first.id)
  await pay(second.id)
  await until(async () => (await outcomes()).filter(([, outcome]) => outcome === 'failed').length === 2)
  const busy = await connect({ status: 'error', code: 'out_of_service' })
  expect((await busy.hears(2)).map(({ params }) => (params as { id: string }[])[0]?.id)).toEqual([first.id, second.id])
  await until(async () => (await outcomes()).filter(([channel, outcome]) => channel === 'gate' && outcome === 'failed').length === 2)
  await busy.close()
  const ready = await connect()
  await ready.hears(2)
  await until(async () => (await outcomes()).filter(([channel, outcome]) => channel === 'gate' && outcome === 'accepted').length === 2)
  await ready.close()
  const late = await connect()
  await world.control('POST', '/gate/status', { logQuantity: 1 })
  expect(late.calls.map(({ method }) => method)).toEqual(['getStatus'])
})

test('both channels are told when both are there', async () => {
  await world.control('PUT', '/settings', { notificationUrl: shop.url })
  const client = await connect()
  await pay((await order(world)).id)
  await client.hears(1)
  await shop.hears(1)
  await until(async () => (await outcomes()).every(([, outcome]) => outcome === 'accepted'))
})

test('getStatus asks every client with the documented parameters', async () => {
  const client = await connect({ version: '2.1', type: 'device', settings: {}, log: [] })
  const { list } = await world.ask('/_sandbox/gate/status', { method: 'POST' })
  expect(list).toEqual([{ jsonrpc: '2.0', id: client.calls[0]?.id, result: { version: '2.1', type: 'device', settings: {}, log: [] } }])
  expect(client.calls[0]).toMatchObject({ method: 'getStatus', params: { logQuantity: 40 } })
})

test('a wrong token and another path are turned away; the partner may listen too', async () => {
  await expect(connect({}, 'another')).rejects.toThrow('401')
  const elsewhere = new WebSocket(`${world.sandbox.url.replace('http', 'ws')}/v3/gate?token=${world.sandbox.token}`)
  await expect(new Promise((_, reject) => elsewhere.once('error', reject))).rejects.toThrow('404')
  await (await connect({}, world.sandbox.token)).close()
})

test('a client that talks nonsense or hangs up is no harm', async () => {
  const client = await connect('nonsense')
  open[0]?.send('{"jsonrpc":')
  open[0]?.send('{"id":5}')
  const { id } = await order(world)
  await pay(id)
  await client.hears(1)
  await until(async () => (await outcomes()).some(([channel, outcome]) => channel === 'gate' && outcome === 'failed'))
})
