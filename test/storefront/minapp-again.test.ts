import { randomUUID } from 'node:crypto'
import { createApp } from '../../src/app'
import { seedDemoCatalogue } from '../../src/demo/catalogue'
import { COMMAND_LINE } from '../../src/shared/actor'
import { parseMoney } from '../../src/shared/money'
import { findOffer, importCodes } from '../../src/storefront'
import type { MinappAnswer } from '../../src/storefront/minapp-answer'
import { Shop } from '../orders/shop'
import { formsOf } from '../support/browser'
import { listenOn } from '../support/listen'
import type { Listener } from '../support/listen'
import { MailServer } from '../support/mail-server'
import { World } from '../support/world'
import { COFFEE, JSON_ANSWER, visitorsOf } from './minapp-visitor'
import type { Fields } from './minapp-visitor'
import { VOUCHER } from './offers'

describe('a form of the mini-app, while the world around it changes', () => {
  let world: World
  let shop: Shop
  let mail: MailServer
  beforeAll(async () => {
    mail = await MailServer.start()
    world = await World.make({ env: { MODE: 'demo', MAIL_URL: mail.url, MAIL_FROM: 'points@programme.example' } })
    shop = new Shop(world)
    await seedDemoCatalogue(world.parts, COMMAND_LINE)
  })
  afterEach(async () => {
    await world.sandbox.behave()
    await world.db('order_buyers').update({ address_digest: randomUUID() }) // The next test is somebody else's.
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await world.close()
    await mail.close()
  })

  const { guest, send, say, make, orderOf, ordersMade, read } = visitorsOf(() => world)
  const changeOffer = async (offerId: string, change: Partial<typeof VOUCHER>): Promise<void> => {
    const how = { author: COMMAND_LINE, reason: 'A test', key: randomUUID() }
    const before = await findOffer(world.db, offerId)
    const seen = before ? { basedOn: before.changedAt.toISOString() } : {}
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, perPerson: null, offerId, ...seen, ...change }, how)
  }
  const newVoucher = async (): Promise<string> => {
    const offerId = randomUUID()
    await changeOffer(offerId, {})
    const text = Array.from({ length: 3 }, () => `V-${randomUUID()}`).join('\n')
    await importCodes(world.parts, { offerId, text, author: COMMAND_LINE, reason: 'A test' })
    return offerId
  }

  test('the same form is the same order, whatever became of the offer and of the invoice meanwhile', async () => {
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const offerId = await newVoucher()
    const [paid, waiting, joined] = [
      guest({ choice: offerId, amount: '' }),
      guest({ choice: offerId, amount: '' }),
      guest({ choice: offerId, amount: '', container: invoice.id }),
    ]
    await make(paid)
    await make(waiting)
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    expect((await say(joined)).state).toBe('waiting')
    const order = await orderOf(paid['key'] ?? '')
    await shop.pays(order)
    await shop.until(order, 'credited')
    const before = await ordersMade()
    await changeOffer(offerId, { price: '400.00' })
    expect([(await say(paid)).state, (await say(waiting)).state, (await say(joined)).state]).toEqual(['paid', 'made', 'waiting'])
    await changeOffer(offerId, { enabled: false })
    expect([(await say(paid)).state, (await say(waiting)).state, (await say(joined)).state]).toEqual(['paid', 'made', 'waiting'])
    await shop.passes(20_000)
    expect((await say(joined)).state).toBe('made')
    expect(await ordersMade()).toBe(before)
    expect(await say(guest({ choice: offerId, amount: '' }))).toMatchObject({ state: 'refused' })
  })

  test('a form under the key of another one is told so in words for buyers', async () => {
    const fields = guest()
    await make(fields)
    const answer = await say({ ...fields, amount: '600' })
    expect(answer).toMatchObject({ state: 'refused', isOver: true, text: expect.stringContaining('новый заказ') as string })
    expect(JSON.stringify(answer)).not.toMatch(/ключ|операци/i)
  })

  test('where another amount came, nobody is sent to pay once more', async () => {
    const fields = guest()
    const { back, paymentUrl } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    await shop.tells(shop.notification(order, { amount: parseMoney('1.00', 'RUB') }))
    for (const link of [back.success, back.fail]) {
      const page = await read(link)
      expect([page.state, page.html.includes(paymentUrl), /data-refresh|http-equiv="refresh"/.test(page.html)]).toEqual([
        'unavailable',
        false,
        false,
      ])
      expect(page.html).toContain('Не платите ещё раз')
    }
    expect(await say(fields)).toMatchObject({ state: 'refused', isOver: false, text: expect.stringContaining(order.number) as string })
  })

  test('a page that tells the state alone says what became of the code', async () => {
    const fields = guest({ choice: COFFEE, amount: '' })
    const { back } = await make(fields)
    const order = await orderOf(fields['key'] ?? '')
    await shop.pays(order)
    await shop.until(order, 'credited')
    expect((await read(back.fail)).html).toContain('Код придёт на почту')
    expect((await read(back.success)).html).toContain('придёт и на почту')
    while ((await world.parts.notices.sendMail()) > 0);
    expect((await read(back.fail)).html).toContain('Код отправили на почту')
    expect((await read(back.success)).html).toContain('отправили его и на почту')
    const how = { author: COMMAND_LINE, reason: 'A test', key: randomUUID() }
    await world.parts.deeds.orders.refund.perform({ number: order.number, amount: null, unused: true }, how)
    for (const link of [back.fail, back.success]) expect((await read(link)).html).toContain('код больше не действует')
  })

  test('a price that has changed since the page was made is told before anything is ordered', async () => {
    const offerId = await newVoucher()
    const { html } = await read(`${world.url}/minapp`)
    const seen = formsOf(html)[0]?.fields['seen'] ?? ''
    expect(seen).toContain(`${offerId}=250`)
    await changeOffer(offerId, { price: '2500.00' })
    const [fields, before] = [guest({ choice: offerId, amount: '', seen }), await ordersMade()]
    const refused = await say(fields)
    expect(refused).toMatchObject({ state: 'refused', isOver: false, price: { roubles: '2500' } })
    expect('text' in refused && refused.text.replaceAll('\u00a0', ' ')).toContain('2 500 ₽')
    const plain = await (await send(fields, { accept: 'text/html' })).text()
    expect(formsOf(plain)[0]?.fields['seen']).toContain(`${offerId}=2500`)
    expect(await ordersMade()).toBe(before)
    await make({ ...fields, seen: seen.replace(`${offerId}=250`, `${offerId}=2500`) })
    expect((await orderOf(fields['key'] ?? '')).amount.minor).toBe(250_000n)
  })

  test('what Invoicebox or a database would choke on is refused at the door', async () => {
    for (const odd of [{ container: 'a'.repeat(37) }, { id: 'ы'.repeat(20) }, { id: 'a'.repeat(101) }, { id: 'a\u0000' }])
      expect([odd, (await send(guest(odd as unknown as Fields))).status]).toEqual([odd, 400])
    expect((await read(`${world.url}/minapp?id=${encodeURIComponent('ы')}`)).status).toBe(400)
    await make(guest({ id: 'a'.repeat(100) }))
  })

  describe('where no letters go', () => {
    let url: string
    let web: Listener
    beforeAll(async () => {
      web = await listenOn()
      url = web.url
      const { config } = world.parts
      web.serve(createApp({ ...world.parts, config: { ...config, mail: { ...config.mail, url: undefined } } }).app)
    })
    afterAll(() => web.close())

    const there = async (fields: Fields): Promise<MinappAnswer> => {
      const headers = { ...JSON_ANSWER, origin: world.url, 'sec-fetch-site': 'same-origin' }
      return (await (await fetch(`${url}/minapp`, { method: 'POST', body: new URLSearchParams(fields), headers })).json()) as MinappAnswer
    }

    test('no code joins an invoice, where its buyer could not get it; and nothing is said of letters', async () => {
      const invoice = await world.sandbox.invoice({ amount: '1000.00' })
      const before = await ordersMade()
      for (const change of [{ choice: COFFEE, amount: '' }, {}])
        expect(await there(guest({ ...change, container: invoice.id }))).toMatchObject({
          state: 'refused',
          text: expect.stringContaining('отдельным заказом') as string,
        })
      expect(await ordersMade()).toBe(before)
      const page = await read(`${url}/minapp`)
      expect(page.html).toMatch(/<form id="minapp-form"[^>]*data-letters="no"/)
      expect(page.html).toContain('Код появится здесь после оплаты')
      expect(
        page.html.replace(
          /<label class="who" hidden>[^]*?<\/label>|<div class="field" data-part="code" hidden>[^]*?<\/div>|<form id[^>]*>/g,
          '',
        ),
      ).not.toMatch(/на почт|письм[оае]/i)
      const fields = guest({ choice: COFFEE, amount: '' })
      const made = await there(fields)
      if (made.state !== 'made') throw new Error('No order was made.')
      const order = await orderOf(fields['key'] ?? '')
      await shop.pays(order)
      await shop.until(order, 'credited')
      const [success, fail] = [made.back.success, made.back.fail].map((link) => link.replace(world.url, url))
      const shown = await read(success ?? '')
      expect([shown.state, /class="secret"/.test(shown.html), /почт/i.test(shown.html)]).toEqual(['success', true, false])
      const told = await read(fail ?? '')
      expect([told.state, /class="secret"/.test(told.html), /почт/i.test(told.html)]).toEqual(['success', false, false])
    })
  })
})
