import { issueConsent } from '../../src/payments/consent'
import { parseMoney } from '../../src/shared/money'
import { contents } from '../routes/contents'
import { formsOf } from '../support/browser'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

describe.each(ENGINES)('a consent on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const formOf = (page: Page): { action: string; fields: Readonly<Record<string, string>> } => {
    const found = formsOf(page.html).find(({ action }) => action.endsWith('/confirm'))
    if (!found) throw new Error(`no consent is asked for: ${String(page.state)}`)
    return found
  }
  const consentOf = (page: Page): string => formOf(page).fields.consent ?? ''

  /** Sends the confirm form of this page with another consent. */
  const confirms = (buyer: Buyer, page: Page, consent: string): Promise<Page> =>
    buyer.browser.post(new URL(formOf(page).action, page.url), { ...formOf(page).fields, consent })

  async function refuses(buyer: Buyer, page: Page, consent: string, status = 409): Promise<void> {
    const before = await contents(world.db)
    expect((await confirms(buyer, page, consent)).status).toBe(status)
    expect(await contents(world.db)).toEqual(before)
  }

  const ready = async (buyer: Buyer, amount = '10.00'): Promise<Page> => buyer.opens(await world.sandbox.invoice({ amount }))

  test('that was forged is refused, and nothing is held', async () => {
    const anna = await world.member({ points: '500.00' })
    const page = await ready(anna)
    const right = consentOf(page)
    const [body = '', signature = ''] = right.split('.')
    const said = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
    const changed = (change: Record<string, unknown>): string => Buffer.from(JSON.stringify({ ...said, ...change })).toString('base64url')
    const own = {
      checkoutId: String(said.c),
      memberId: anna.id,
      invoiceId: String(said.i),
      amount: parseMoney('10.00', 'RUB'),
      points: parseMoney('10.00', 'PTS'),
    }
    const elsewhere = issueConsent('a secret of somebody else, long enough', own, world.clock.now())
    const forged = [
      '',
      'x',
      '.',
      '..',
      `${body}.`,
      `.${signature}`,
      body,
      `${body}.${signature}.x`,
      `${body}.${signature.slice(0, -2)}`,
      `${body}.${'A'.repeat(43)}`,
      `${body}=.${signature}`,
      ...[{ p: '1' }, { a: '1' }, { u: 'UZS' }, { i: 'x' }, { t: Date.now() + 1e9 }, { n: 'x' }, { n: null }].map(
        (change) => `${changed(change)}.${signature}`,
      ),
      elsewhere,
      right.toUpperCase(),
      right.repeat(20),
      '[object Object]',
      `${Buffer.from('{').toString('base64url')}.${signature}`,
    ]
    for (const consent of forged) await refuses(anna, page, consent)
    expect((await confirms(anna, page, right)).state).toBe('paid')
  })

  test('of one member is none of another, not even for the same invoice', async () => {
    const [anna, boris] = [await world.member({ points: '500.00' }), await world.member({ points: '500.00' })]
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const [hers, his] = [await anna.opens(invoice), await boris.opens(invoice)]
    await refuses(boris, his, consentOf(hers))
    await refuses(anna, hers, consentOf(his))
    // Not on the other's page either, which to a stranger does not exist.
    const before = await contents(world.db)
    const trespass = await boris.browser.post(new URL(formOf(hers).action, hers.url), { ...formOf(his).fields, consent: consentOf(hers) })
    expect([404, 409]).toContain(trespass.status)
    expect(await contents(world.db)).toEqual(before)
  })

  test('for one checkout is none for another: neither a dearer invoice nor the same one', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const [cheap, again, dear] = [await anna.opens(invoice), await anna.opens(invoice), await ready(anna, '400.00')]
    await refuses(anna, dear, consentOf(cheap))
    await refuses(anna, again, consentOf(cheap))
    await refuses(anna, cheap, consentOf(again))
  })

  test('for another amount does not pay: the member is asked anew', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const page = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '20.00' })
    world.clock.move(6_000)
    const asked = await anna.confirms(page)
    expect([asked.state, await anna.balance()]).toEqual(['amount-changed', { available: '500.00', held: '0.00' }])
    expect((await confirms(anna, asked, consentOf(page))).state).toBe('amount-changed')
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect((await anna.confirms(asked)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '480.00', held: '0.00' })
  })

  test('that is older than half an hour is expired, and the page says so', async () => {
    const anna = await world.member({ points: '500.00' })
    const page = await ready(anna)
    for (const minutes of [16, 15]) {
      world.clock.move(minutes * 60_000)
      await anna.browser.open('/account')
    }
    const asked = await anna.confirms(page)
    expect([asked.state, asked.url.endsWith('?notice=consent'), asked.html.includes('role="alert"')]).toEqual(['ready', true, true])
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(consentOf(asked)).not.toBe(consentOf(page))
  })

  test('is spent once: sent again, at once or later, it leads to the same payment', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const page = await anna.opens(invoice)
    const answers = await Promise.all(Array.from({ length: 10 }, () => anna.confirms(page)))
    expect(answers.filter(({ state }) => state === 'paid' || state === 'checking')).toHaveLength(10)
    await world.passes(600_000)
    expect((await anna.confirms(page)).state).toBe('paid')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    expect(await anna.balance()).toEqual({ available: '490.00', held: '0.00' })
  })
})
