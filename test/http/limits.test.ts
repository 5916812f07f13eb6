import { DAY, plus, SECOND } from '../../src/shared/clock'
import { defineRoute } from '../../src/http'
import { openSite } from './site'
import type { Site } from './site'

const limited = defineRoute({
  method: 'get',
  path: '/test/limited',
  policy: { kind: 'public' },
  limit: { requests: 3, perSeconds: 60 },
  summary: 'Three a minute.',
  handle: ({ res, address }) => void res.send(address),
})

const statuses = async (site: Site, headers: Record<string, string>[]): Promise<number[]> => {
  const seen: number[] = []
  for (const header of headers) seen.push((await site.visitor().open('/test/limited', header)).status)
  return seen
}

const from = (...addresses: string[]): Record<string, string>[] => addresses.map((address) => ({ 'x-forwarded-for': address }))

test('an address that asks too often waits, is told how long, and may then go on', async () => {
  const site = await openSite([limited])
  expect(await statuses(site, [{}, {}, {}, {}])).toEqual([200, 200, 200, 429])
  const refused = await site.visitor().open('/test/limited')
  expect([refused.heading, refused.headers.get('retry-after')]).toEqual(['Слишком много попыток', '60'])
  site.clock.set(plus(site.clock.now(), 60 * SECOND))
  expect(await statuses(site, [{}])).toEqual([200])
  await site.close()
})

test('a window that a clock of next year opened is over once the clock is right again', async () => {
  const site = await openSite([limited])
  const right = site.clock.now()
  site.clock.set(plus(right, 365 * DAY))
  expect(await statuses(site, [{}, {}, {}, {}])).toEqual([200, 200, 200, 429])
  site.clock.set(right)
  expect(await statuses(site, [{}, {}, {}, {}])).toEqual([200, 200, 200, 429])
  await site.close()
})

test('without a trusted proxy a made-up X-Forwarded-For changes nothing', async () => {
  const site = await openSite([limited])
  expect(await statuses(site, from('1.1.1.1', '2.2.2.2', '3.3.3.3', '4.4.4.4'))).toEqual([200, 200, 200, 429])
  await site.close()
})

test('behind a proxy the address is the one that the proxy saw, and a /64 network counts as one', async () => {
  const site = await openSite([limited], { trustProxy: 1 })
  expect(await statuses(site, from('9.9.9.9, 1.1.1.1', '8.8.8.8, 1.1.1.1', '7.7.7.7, 1.1.1.1', '6.6.6.6, 1.1.1.1', '2.2.2.2'))).toEqual([
    200, 200, 200, 429, 200,
  ])
  expect(
    await statuses(site, from('2001:db8::1', '2001:db8::2', '2001:0db8:0:0:ffff::3', '2001:db8:0:0:1:2:3:4', '2001:db8:0:1::1')),
  ).toEqual([200, 200, 200, 429, 200])
  await site.close()
})

test('more requests at once than there is room for are refused with 503 before they touch anything', async () => {
  let release: () => void = () => undefined
  let arrived: () => void = () => undefined
  const inside = new Promise<void>((resolve) => (arrived = resolve))
  const slow = defineRoute({
    method: 'get',
    path: '/test/slow',
    policy: { kind: 'public' },
    summary: 'Waits for the test.',
    handle: async ({ res }) => {
      await new Promise<void>((resolve) => {
        release = resolve
        arrived()
      })
      res.send('done')
    },
  })
  const probe = defineRoute({
    method: 'get',
    path: '/test/probe',
    policy: { kind: 'probe' },
    summary: 'Always answers.',
    handle: ({ res }) => void res.send('ok'),
  })
  const site = await openSite([slow, probe], { mostAtWork: 1 })
  const first = site.visitor().open('/test/slow')
  await inside
  const second = await site.visitor().open('/')
  expect([second.status, second.headers.get('retry-after')]).toEqual([503, '2'])
  expect((await site.visitor().open('/test/probe')).status).toBe(200)
  release()
  expect((await first).status).toBe(200)
  await site.close()
})
