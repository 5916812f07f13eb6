import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
const ids: Record<string, string> = {}

beforeAll(async () => {
  world = await openTestWorld()
  await startClean(world)
  const wishes: Record<string, Record<string, unknown>> = {
    a: {
      amount: '10',
      number: '100-1',
      merchantOrderId: 'm-1',
      merchantOrderIdVisible: '№ 1',
      customer: { vatNumber: '77', type: 'legal' },
    },
    b: { amount: '20.50', number: '100-2', status: 'paid', customer: { vatNumber: '78' }, expirationDate: '2100-01-01T00:00:00Z' },
    c: { amount: '30', number: '200-3', status: 'canceled', currencyId: 'USD', customer: {} },
    d: { amount: '40', number: '200-4', status: 'partial', merchantOrderId: 'm-1', customer: {} },
  }
  for (const [name, wish] of Object.entries(wishes)) ids[name] = (await world.invoice(wish)).id
  await world.invoice({ amount: '50', foreign: true })
})
afterAll(() => world.close())

const list = (query: string) => world.api(`/v3/business/api/invoice?${query}`)
const namesOf = async (query: string): Promise<string> => {
  const { list: found, status, text } = await list(query)
  if (status !== 200) throw new Error(text)
  return found.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id)).join('')
}

test.each([
  ['', 'dcba'],
  ['status=paid', 'b'],
  ['status=pending&status=paid', 'b'],
  ['status[]=paid&status[]=pending', 'ba'],
  ['status[0]=paid&status[1]=partial', 'db'],
  ['status%5B%5D=canceled', 'c'],
  ['status[_ne]=paid', 'dca'],
  ['status[eq]=partial', 'd'],
  ['amount=20.5', 'b'],
  ['amount[_ge]=20.50', 'dcb'],
  ['amount[_gt]=20.5&amount[_lt]=40', 'c'],
  ['amount[le]=20.5', 'ba'],
  ['number[_start]=200', 'dc'],
  ['merchantOrderId=m-1', 'da'],
  ['merchantOrderIdVisible=%E2%84%96+1', 'a'],
  ['currencyId=USD', 'c'],
  ['customer[vatNumber]=77', 'a'],
  ['customer[type][eq]=legal&customer[vatNumber][eq]=77', 'a'],
  ['customer[vatNumber][]=77&customer[vatNumber][]=78', 'ba'],
  ['customer[vatNumber][_start]=7', 'ba'],
  ['expirationDate[_ge]=2099-12-31', 'b'],
  ['expirationDate=2100-01-01T00:00:00', 'b'],
  ['expirationDate=2100-01-01T03:00:00%2B03:00', 'b'],
  ['createdAt[_ge]=2000-01-01T00:00:00%2B00:00&_order[amount]=asc', 'abcd'],
  ['_order[amount]=desc', 'dcba'],
  ['_order[currencyId]=desc&_order[amount]=asc', 'cabd'],
  ['_order[nothing]=asc', 'dcba'],
  ['id=nothing', ''],
  ['status=', ''],
])('%s finds %s', async (query, found) => {
  expect(await namesOf(query)).toBe(found)
})

test('an id filter finds the invoice with paging around it', async () => {
  const { body } = await list(`id=${ids['a'] ?? ''}`)
  expect(body.data).toHaveLength(1)
  expect(body.metaData).toEqual({ totalCount: 1, pageSize: 30, page: 1 })
  expect(body.extendedData).toEqual([])
})

test.each([
  'nothing=1',
  'status[_like]=a',
  'status[_gt]=a',
  'status[_eq][]=a',
  'amount[_start]=1',
  'amount=abc',
  'amount=1.005',
  'amount=1e3',
  'expirationDate=yesterday',
  'expirationDate=2100-01-01T03:00:00+03:00',
  'customer=1',
  'customer[nothing]=1',
  'customer.name=1',
  '_order=amount:desc',
  '_order[amount]=up',
  '_order[amount][x]=asc',
  'page=0',
  'page=-1',
  'page=x',
  'page[]=1',
  'page=1.5',
  'pageSize=0',
  '_pageSize=',
  '[a]=1',
  'status[=1',
  'a[b]c=1',
  '__proto__=1',
  '__proto__[status]=paid',
  'constructor[prototype][a]=1',
  'status[__proto__]=1',
  'toString=1',
  Array(1_001).fill('a=1').join('&'),
])('%# is refused as a wrong filter', async (query) => {
  const { status, body } = await list(query)
  expect([status, body.error.code]).toEqual([422, 'wrong_filter_format'])
})

test('pages: both spellings, the underscored one wins, a large size is capped', async () => {
  expect(await namesOf('page=2&pageSize=3')).toBe('a')
  expect(await namesOf('_page=1&_pageSize=1&page=2&pageSize=3')).toBe('d')
  expect(await namesOf('page=999999')).toBe('')
  expect((await list('pageSize=5000')).body.metaData).toEqual({ totalCount: 4, pageSize: 100, page: 1 })
})

test('a query of percent signs and blanks never makes a 5xx', async () => {
  for (const query of ['%', '%=%', '%E0%A4%A=1', '&&&', '=', '=1', 'status', 'status=%FF', 'a'.repeat(9_000)]) {
    expect((await list(query)).status).toBeLessThan(500)
  }
})
