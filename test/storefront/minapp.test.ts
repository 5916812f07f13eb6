import { randomUUID } from 'node:crypto'
import { seedDemoCatalogue } from '../../src/demo/catalogue'
import { addMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { digitsOf } from '../../src/storefront'
import { Shop } from '../orders/shop'
import { formsOf } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import { COFFEE, JSON_ANSWER, POINTS, visitorsOf } from './minapp-visitor'
import type { Fields } from './minapp-visitor'
import { VOUCHER } from './offers'

describe('the mini-app', () => {
  let world: World
  let shop: Shop
  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', MINAPP_PARENT_ORIGINS: 'https://shop.example' } })
    shop = new Shop(world)
    await seedDemoCatalogue(world.parts, COMMAND_LINE)
  })
  afterEach(async () => {
    await world.sandbox.behave()
    await world.db('order_buyers').update({ address_digest: randomUUID() }) // The next test is somebody else's.
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const { guest, send, say, make, orderOf, ordersMade, read } = visitorsOf(() => world)

  test('a guest buys points for somebody: one form, however often it is sent, is one order', async () => {
    const fields = guest()
    const answers = await Promise.all([say(fields), say(fields), say(fields)])
    for (const { state } of answers) expect(['made', 'waiting']).toContain(state) // Whoever is second may be quicker than Invoicebox.
    const first = await make(fields)
    expect((await make(fields)).paymentUrl).toBe(first.paymentUrl)
    const order = await orderOf(fields['key'] ?? '')
    expect(order).toMatchObject({ memberId: null, goods: 'code', state: 'created', offerId: POINTS })
    expect(await shop.made(order.number)).toBe(1)
    expect(await say({ ...fields, amount: '600' })).toMatchObject({ state: 'refused', isOver: true })

    expect(await read(first.back.success)).toMatchObject({ status: 200, state: 'waiting' })
    expect(await read(first.back.fail)).toMatchObject({ status: 200, state: 'failed' })
    await shop.pays(order)
    await shop.until(order, 'credited')
    const [paid, late] = [await read(first.back.success), await read(first.back.fail)]
    expect([paid.state, late.state]).toEqual(['success', 'success'])
    expect(late.html).toContain('Код придёт на почту')
    expect(late.html).not.toMatch(/class="secret"/)
    const code = /<code class="secret">([^<]+)</.exec(paid.html)?.[1] ?? ''
    expect(code).toMatch(/^(\w{4}-){3}\w{4}$/)
    expect(first.back.success).not.toContain(code)
    expect((await read(first.back.success, 'en')).html).toContain('Paid: a code for 500')
  })

  test('a voucher comes with its code, and nobody sees it who has no pass of its order', async () => {
    const fields = guest({ choice: COFFEE, amount: '' })
    const { back } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    await shop.pays(order)
    await shop.until(order, 'credited')
    expect((await read(back.success)).html).toMatch(/<code class="secret">DEMO-COFFEE-\d+</)
    const pass = new URL(back.success).searchParams.get('order') ?? ''
    const other = new URL((await make(guest())).back.success).searchParams.get('order') ?? ''
    expect(other).not.toBe(pass)
    for (const odd of ['', 'x', order.id, order.number, pass.slice(0, -2), `${pass}x`, pass.toUpperCase()])
      expect([odd, (await read(`${world.url}/minapp/success?order=${encodeURIComponent(odd)}`)).status]).toEqual([odd, 404])
    world.clock.move(31 * 86_400_000)
    expect((await read(back.success)).status).toBe(404)
  })

  test('refusals are told in words beside their field, and cost no order', async () => {
    const before = await ordersMade()
    expect(await say(guest({ email: 'nobody' }))).toMatchObject({ state: 'refused', field: 'email' })
    for (const amount of ['', '0', '-5', 'abc', '1e5', '0.001', '99999999'])
      expect([amount, await say(guest({ amount }))]).toEqual([amount, expect.objectContaining({ state: 'refused', field: 'amount' })])
    expect(await say(guest({ choice: randomUUID() }))).toMatchObject({
      state: 'refused',
      field: null,
      text: expect.stringContaining('больше не продаётся') as string,
    })
    for (const odd of [{ choice: 'x' }, { key: 'x' }, { who: 'admin' }, { memberId: 'x' }, { container: '../x' }, { price: '1' }])
      expect([odd, (await send(guest(odd as unknown as Fields))).status]).toEqual([odd, 400])
    expect(await ordersMade()).toBe(before)
  })

  test('an answer that was lost is asked for again by the same form, and makes no second order', async () => {
    const fields = guest()
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    expect(await say(fields)).toMatchObject({ state: 'waiting', text: expect.stringContaining('Деньги не списаны') as string })
    await shop.passes(20_000)
    const { paymentUrl } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    expect([order.paymentUrl, await shop.made(order.number)]).toEqual([paymentUrl, 1])
  })

  test('an order that Invoicebox refuses is told so, and the next try has a key of its own', async () => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'status', status: 422, code: 'wrong_basket', times: 1 })
    expect(await say(guest())).toMatchObject({ state: 'refused', isOver: true })
    await make(guest())
  })

  test('nothing on the payment page opens what was bought, but the way back of the order that it is for', async () => {
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const fields = guest({ container: invoice.id, choice: COFFEE, amount: '' })
    const { back } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    const { successUrl, failUrl, returnUrl } = (await shop.there(order)) as unknown as Record<string, string>
    const own = guest({ choice: COFFEE, amount: '' })
    await make(own)
    const ownThere = (await shop.there(await orderOf(own['key'] ?? ''))) as unknown as Record<string, string>
    await shop.pays(order)
    await shop.until(order, 'credited')
    for (const link of [successUrl, failUrl, returnUrl]) {
      const page = await read(link ?? '')
      expect([page.state, /class="secret"/.test(page.html), page.html.includes('Код придёт на почту')]).toEqual(['success', false, true])
    }
    expect((await read(back.success)).html).toMatch(/class="secret"/)
    const own2 = await orderOf(own['key'] ?? '')
    await shop.pays(own2)
    await shop.until(own2, 'credited')
    const codes = [ownThere['successUrl'], ownThere['failUrl'], ownThere['returnUrl']].map(async (link) =>
      /class="secret"/.test((await read(link ?? '')).html),
    )
    expect(await Promise.all(codes)).toEqual([true, false, false])
  })

  test('an order that is over is no link to pay, and one that was paid leads to what was bought', async () => {
    const [fields, over] = [guest(), guest()]
    const { back } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    await shop.pays(order)
    await shop.until(order, 'credited')
    const again = await say(fields)
    expect([again.state, 'href' in again && new URL(again.href).pathname]).toEqual(['paid', new URL(back.success).pathname])
    await make(over)
    await shop.tells(shop.notification(await orderOf(over['key'] ?? ''), { status: 'canceled' }))
    expect(await say(over)).toMatchObject({ state: 'refused', isOver: true })
  })

  test('in the mode of an additional order it joins the invoice at hand', async () => {
    const main = await make(guest({ amount: '300' }))
    const container = new URL(main.paymentUrl).pathname.split('/').at(-1) ?? ''
    const fields = guest({ container, amount: '200' })
    expect((await make(fields)).paymentUrl).toBe(main.paymentUrl)
    expect(String((await world.sandbox.read({ id: container })).amount)).toBe('500.00')
    expect(await say(guest({ container }))).toMatchObject({ state: 'refused', text: expect.stringContaining('Подождите') as string })
    expect((await orderOf(fields['key'] ?? '')).expiresAt.getTime() - world.clock.now().getTime()).toBeLessThanOrEqual(3_600_000)
    expect(await say(guest({ container: randomUUID() }))).toMatchObject({ state: 'refused' })
  })

  describe('knows a member', () => {
    let email: string
    let memberId: string
    beforeAll(async () => {
      email = `${randomUUID()}@example.test`
      const person = { login: `m${randomUUID().slice(0, 8)}`, password: PASSWORD, fullName: 'Анна Петрова', email }
      memberId = (await addMember(world.parts, { ...person, actor: COMMAND_LINE })).id
    })
    const letter = async (): Promise<string> => {
      const email_digest = world.parts.storefront.oneTimeCodes.digest(email)
      const [asked] = await world.db('one_time_codes').where({ email_digest }).orderBy('id', 'desc').select<{ id: string }[]>('id')
      return digitsOf(world.parts.storefront.oneTimeCodes, asked?.id ?? '')
    }
    const recognised = async (fields: Fields): Promise<string> => {
      await say(fields)
      const answer = await say({ ...fields, code: await letter() })
      return answer.state === 'recognised' ? answer.pass : ''
    }

    test('by a code from a letter; then the points go to the account', async () => {
      const fields = guest({ who: 'member', email })
      expect(await say(fields)).toMatchObject({ state: 'code-sent' })
      expect(await say({ ...fields, email: 'stranger@example.test' })).toMatchObject({ state: 'code-sent' })
      expect(await say({ ...fields, code: '000000' })).toMatchObject({ state: 'refused', field: 'code' })
      const pass = await recognised(fields)
      await make({ ...fields, pass })
      const order = await orderOf(fields['key'] ?? '')
      expect(order).toMatchObject({ memberId, goods: 'points' })
      await shop.pays(order)
      await shop.until(order, 'credited')
    })

    test('by a pass that is good for nothing else', async () => {
      const pass = await recognised(guest({ who: 'member', email }))
      expect(pass).not.toBe('')
      for (const cookie of [`gateway=${pass}`, `gateway=${encodeURIComponent(`s:${pass}`)}`]) {
        const headers = { cookie, authorization: `Bearer ${pass}` }
        const account = await fetch(`${world.url}/account?pass=${pass}`, { headers, redirect: 'manual' })
        expect([account.status, account.headers.get('location')]).toEqual([303, expect.stringMatching(/^\/sign-in/)])
        const body = new URLSearchParams({ pass, _csrf: pass, consent: pass })
        const confirm = await fetch(`${world.url}/pay/${randomUUID()}/confirm`, {
          method: 'POST',
          headers: { ...headers, ...JSON_ANSWER },
          body,
        })
        expect(confirm.status).toBe(401)
      }
      expect((await read(`${world.url}/minapp/success?order=${encodeURIComponent(pass)}`)).status).toBe(404)
      const orderPass = new URL((await make(guest())).back.success).searchParams.get('order') ?? ''
      expect(await say(guest({ who: 'member', email, pass: orderPass }))).toMatchObject({ state: 'code-sent' })
      world.clock.move(31 * 60_000)
      expect(await say(guest({ who: 'member', email, pass }))).toMatchObject({ state: 'code-sent' })
    })

    test('who is signed in where the page is a window of its own, and not in a frame', async () => {
      const buyer = await world.member({ points: '0' })
      await buyer.signsIn()
      const cookie = `gateway=${buyer.browser.cookie('gateway') ?? ''}`
      const open = async (dest: string): Promise<Fields> => {
        const html = await (await fetch(`${world.url}/minapp`, { headers: { cookie, 'sec-fetch-dest': dest } })).text()
        return formsOf(html)[0]?.fields ?? {}
      }
      expect((await open('iframe'))['pass']).toBe('')
      expect((await open('empty'))['pass']).toBe('')
      const { pass = '', key = '' } = await open('document')
      await make(guest({ who: 'member', email: '', pass, key }))
      expect((await orderOf(key)).memberId).toBe(buyer.id)
    })
  })

  test('without scripts it is an ordinary form that leads to the payment page', async () => {
    const page = await read(`${world.url}/minapp?id=m-1`)
    const [form] = formsOf(page.html)
    expect([page.state, page.html.match(/type="submit"/g)?.length]).toEqual(['loading', 1])
    expect(page.html).toMatch(/<noscript><link rel="stylesheet" href="\/assets\/minapp-plain.css/)
    const html = { accept: 'text/html' }
    const refused = await send(guest({ key: form?.fields['key'] ?? '', email: 'nobody' }), html)
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringMatching(/role="alert"[^>]*>Проверьте адрес/)])
    const made = await send(guest({ key: form?.fields['key'] ?? '' }), html)
    expect([made.status, made.headers.get('location')]).toEqual([303, expect.stringContaining('/order/')])
  })

  test('acts by no cookie, sets none, and takes no form of another site', async () => {
    for (const path of ['/minapp', '/minapp?id=1', '/minapp/success'])
      expect((await fetch(`${world.url}${path}`)).headers.get('set-cookie')).toBeNull()
    expect((await send(guest())).headers.get('set-cookie')).toBeNull()
    const before = await ordersMade()
    const forged = [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ]
    for (const headers of forged) expect([headers, (await send(guest(), headers as unknown as Fields)).status]).toEqual([headers, 403])
    expect(await ordersMade()).toBe(before)
  })

  test('may be framed by Invoicebox and by whom the settings name', async () => {
    const { headers } = await fetch(`${world.url}/minapp`)
    const [ancestors] = /frame-ancestors [^;]*/.exec(headers.get('content-security-policy') ?? '') ?? []
    expect(ancestors).toMatch(/^frame-ancestors 'self' \*\.invoicebox\.ru http:\/\/127\.0\.0\.1:\d+ .*https:\/\/shop\.example$/)
    expect([headers.get('x-frame-options'), headers.get('cache-control')]).toEqual([null, 'no-store'])
  })

  test('shows nothing that is not on sale, and offers with a condition only to scripts', async () => {
    const offerId = randomUUID()
    const change = { ...VOUCHER, offerId, titleRu: 'Снято с продажи', enabled: false }
    await world.parts.deeds.offers.change.perform(change, { author: COMMAND_LINE, reason: 'A test', key: offerId })
    const { html } = await read(`${world.url}/minapp`)
    expect(html).not.toContain('Снято с продажи')
    expect(html).toMatch(/<label class="offer" data-offer data-key="iataCode" data-values="[^"]*LED[^"]*" hidden>/)
    expect(await say(guest({ choice: offerId }))).toMatchObject({ state: 'refused' })
  })
})
