import { codeOf, merchant } from './shop'
import { like, openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const PROGRAMME = '018f5000-aaaa-bbbb-cccc-0123456789ab'
const SHOP = {
  title: 'СПА на Петроградской',
  description: 'Массаж и уход',
  merchantId: '5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e',
  accountProgramIds: [PROGRAMME],
}
const OFFER = {
  merchantId: SHOP.merchantId,
  externalId: 'spring',
  active: true,
  startAt: '2026-03-01T00:00:00+03:00',
  finishAt: '2026-03-31',
  description: 'Весной дешевле',
  tags: ['спа'],
}
const post = (path: string, body: unknown) => merchant(world, `/v3/marketplace/api/${path}`, body)

test('a shop is created and changed; what was not sent stays', async () => {
  const { body } = await post('shop', SHOP)
  expect(body.data).toEqual({ ...SHOP, id: 1, token: like(/^[0-9a-f]{32}$/), type: 'shop', alias: like(/^\d+$/), shopUrl: like(/^https:/) })
  expect(body.extendedData).toEqual([])
  const change = {
    shopUrl: 'https://spa.example.test',
    minOrderSum: 100.5,
    lat: 59.96,
    lon: 30.31,
    type: 'offline',
    brandId: 7,
    jivositeId: 'x',
  }
  const changed = await merchant(world, '/l3/marketplace/api/shop/1', change)
  expect(changed.body.data).toEqual({ ...body.data, ...change })
  expect((await post('shop', { title: 'Второй' })).body.data).toMatchObject({ id: 2, accountProgramIds: [] })
})

test.each([
  ['shop', {}, 'title'],
  ['shop', { title: 'я'.repeat(51) }, 'title'],
  ['shop', { title: 'x', description: 'x'.repeat(2_001) }, 'description'],
  ['shop', { title: 'x', brandId: 1.5 }, 'brandId'],
  ['shop', { title: 'x', accountProgramIds: 'one' }, 'accountProgramIds'],
  ['shop', { title: 'x', externalUpdate: true }, 'externalUpdate'],
  ['shop/1', { type: 'kiosk' }, 'type'],
  ['shop/1', { notificationEmail: 'x'.repeat(501) }, 'notificationEmail'],
  ['special-offer', { ...OFFER, active: 'yes' }, 'active'],
  ['special-offer', { ...OFFER, startAt: 'in spring' }, 'startAt'],
  ['special-offer', { ...OFFER, tags: undefined }, 'tags'],
])('%s with %j is refused and names the field', async (path, body, field) => {
  await post('shop', SHOP)
  expect(codeOf(await post(path, body))).toEqual([422, 'validation', field])
})

test('an unknown shop is not found; without a token nobody is served', async () => {
  expect((await post('shop/9', { description: 'x' })).status).toBe(404)
  expect((await world.ask('/v3/marketplace/api/shop', { method: 'POST', body: JSON.stringify(SHOP) })).status).toBe(401)
})

test('an offer is known by its external id; the control interface and the marketplace show what there is', async () => {
  const first = await post('special-offer', OFFER)
  expect(first.body.data).toEqual({ ...OFFER, id: 1, startAt: '2026-02-28T21:00:00+00:00', finishAt: '2026-03-31T00:00:00+00:00' })
  expect((await post('special-offer', { ...OFFER, active: false })).body.data).toMatchObject({ id: 1, active: false })
  expect((await post('special-offer', { ...OFFER, externalId: 'summer' })).body.data).toMatchObject({ id: 2 })
  expect((await world.controlList('/offers?limit=1')).map(({ id }) => id)).toEqual([2])
  await post('shop', SHOP)
  await post('shop', { title: '<script>alert(1)</script>' })
  expect(await world.controlList('/shops')).toMatchObject([
    { id: 2, accountProgramIds: [] },
    { ...SHOP, id: 1, type: 'shop' },
  ])
  expect(await world.control('GET', '/shops/1')).toMatchObject(SHOP)
  expect((await world.ask('/_sandbox/shops/9')).status).toBe(404)
  const { text } = await world.ask('/marketplace?lang=en')
  expect(text).toContain(PROGRAMME)
  expect(text).not.toContain('<script>alert')
})
