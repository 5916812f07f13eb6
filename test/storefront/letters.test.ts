import { randomUUID } from 'node:crypto'
import { addMember } from '../../src/members'
import { listNotices } from '../../src/notices'
import type { Order } from '../../src/orders'
import { requireGuestMayBuy } from '../../src/orders/guests'
import { buyTopUpCode, buyVoucher, importCodes, redeemCode } from '../../src/storefront'
import type { Buyer as WhoBuys } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { HOUR, MINUTE } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { newSortedId } from '../../src/shared/ids'
import { parseMoney } from '../../src/shared/money'
import { undone } from '../ledger/intruder'
import { insertRows } from '../../src/shared/statements'
import type { Row } from '../../src/shared/statements'
import { Shop } from '../orders/shop'
import { ENGINES } from '../support/databases'
import { MailServer, readLetter } from '../support/mail-server'
import { Buyer, PASSWORD, World } from '../support/world'
import { VOUCHER } from './offers'

const by = { author: COMMAND_LINE, reason: 'A test' } as const
const unique = (index: number) => ({ id: newSortedId(), number: `TU-X${String(index).padStart(3, '0')}-2222`, intent_key: newSortedId() })
const rub = (text: string) => parseMoney(text, 'RUB')

describe.each(ENGINES)('what was bought comes by letter, on %s', (engine) => {
  let world: World
  let shop: Shop
  let mail: MailServer
  beforeAll(async () => {
    mail = await MailServer.start()
    world = await World.make({
      engine,
      env: { MODE: 'demo', MAIL_URL: mail.url, MAIL_FROM: 'points@programme.example', TWO_EYES_ROUBLES: '200' },
    })
    shop = new Shop(world)
  })
  afterEach(async () => {
    mail.letters.splice(0)
    mail.refusals.clear()
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await world.close()
    await mail.close()
  })

  let guests = 0
  const guest = (email = `olga${String((guests += 1))}@example.test`): { email: string; address: string } => ({
    email,
    address: `192.0.2.${String(guests)}`,
  })
  async function offer(
    change: Partial<typeof VOUCHER> = {},
    codes = ['V-1', 'V-2'].map((code) => `${code}-${randomUUID()}`),
  ): Promise<string> {
    const offerId = randomUUID()
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, perPerson: null, offerId, ...change }, { ...by, key: offerId })
    if (change.type !== 'points') await importCodes(world.parts, { offerId, text: codes.join('\n'), ...by })
    return offerId
  }
  async function bought(what: Promise<Order>): Promise<Order> {
    const order = await what
    await shop.pays(order)
    return shop.until(order, 'credited')
  }
  const voucher = async (buyer: WhoBuys, language: 'ru' | 'en' = 'ru'): Promise<Order> =>
    bought(buyVoucher(world.parts, { offerId: await offer(), buyer, language }))
  const gift = (amount = '150.00', buyer: WhoBuys = guest()): Promise<Order> =>
    bought(buyTopUpCode(world.parts, { amount: rub(amount), buyer, language: 'en' }))
  const refund = (of: Order, unused = false): Promise<unknown> =>
    world.parts.deeds.orders.refund.perform({ number: of.number, amount: null, unused }, { ...by, key: randomUUID() })
  const shown = (order: Order): Promise<string | null> => world.parts.fulfilment.show(world.db, order, world.clock.now())
  const lettersGo = async (): Promise<void> => {
    while ((await world.parts.notices.sendMail()) > 0);
  }
  const everything = async (): Promise<string> =>
    JSON.stringify(
      await Promise.all(
        ['notices', 'orders', 'order_events', 'order_notifications', 'audit_log', 'alerts'].map((table) => world.db(table)),
      ),
      (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
    )
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => (error as { code?: string }).code ?? String(error),
    )

  test('a guest gets the voucher by letter, once, in their language; a member at the address of the account', async () => {
    const olga = guest()
    const order = await voucher(olga, 'en')
    await Promise.all(Array.from({ length: 5 }, () => shop.tells(shop.notification(order))))
    await lettersGo()
    const { id } = await addMember(world.parts, { login: 'ira', password: PASSWORD, email: 'ira@example.test', actor: COMMAND_LINE })
    const ofMember = await voucher({ memberId: id })
    await lettersGo()
    expect(mail.letters.map(({ to }) => to)).toEqual([[olga.email], ['ira@example.test']])
    const [first, second] = mail.letters.map(readLetter)
    expect(first?.subject).toBe('Your voucher: Coffee to go')
    expect(first?.body).toContain((await shown(order)) ?? 'no code')
    expect(second?.subject).toBe('Ваш ваучер: Кофе с собой')
    expect(second?.body).toContain(`/account/top-ups/${ofMember.number}`)
    for (const code of [await shown(order), await shown(ofMember)]) expect(await everything()).not.toContain(code)
  })

  test('a letter whose answer was lost, or whose process died, comes again under the same id and with the same code', async () => {
    const order = await gift()
    mail.refusals.set((await world.db('order_buyers').where({ order_id: order.id }).pluck<string[]>('email'))[0] ?? '', '451 later')
    await lettersGo()
    expect(mail.letters).toEqual([])
    mail.refusals.clear()
    world.clock.move(HOUR)
    await Promise.all([world.parts.notices.sendMail(), world.parts.notices.sendMail(), world.parts.notices.sendMail()])
    expect(mail.letters).toHaveLength(1)
    const letter = readLetter(mail.letters[0] ?? { source: '' })
    expect(letter.body).toContain((await shown(order)) ?? 'no code')
    expect(letter.body).toContain('/account/redeem')
    const [notice] = await listNotices(world.db, { limit: 1 })
    expect(notice).toMatchObject({
      topic: 'goods',
      source: order.id,
      recipient: `order:${order.id}`,
      state: 'sent',
      attempts: 2,
      facts: {},
    })
  })

  test('a process that dies before the payment is recorded leaves neither a code nor a letter, and the next one makes one of each', async () => {
    const order = await buyTopUpCode(world.parts, { amount: rub('150.00'), buyer: guest(), language: 'ru' })
    const dies = inTransaction(world.db, async (tx) => {
      await world.parts.fulfilment.deliver(tx, order, world.clock.now())
      throw new Error('gone')
    })
    await expect(dies).rejects.toThrow('gone')
    const left = async (): Promise<number[]> => [
      (await world.db('notices').where({ source: order.id })).length,
      (await world.db('top_up_codes').where({ order_id: order.id })).length,
    ]
    expect(await left()).toEqual([0, 0])
    await shop.pays(order)
    await shop.until(order, 'credited')
    expect(await left()).toEqual([1, 1])
    await lettersGo()
  })

  test('money goes back for a code that nobody has seen: it is withdrawn at once, and its letter never leaves', async () => {
    const [ofVoucher, ofPoints] = [await voucher(guest()), await gift()]
    for (const order of [ofVoucher, ofPoints]) {
      await expect(shop.refunds(order, '10.00')).rejects.toMatchObject({ code: 'refund_not_possible' })
      expect(await world.parts.fulfilment.look(world.db, order)).toMatchObject({ use: 'fresh' })
    }
    const digest = (await world.db('top_up_codes').where({ order_id: ofPoints.id }).pluck<string[]>('digest'))[0]
    for (const order of [ofVoucher, ofPoints]) {
      await refund(order)
      expect([await world.parts.fulfilment.look(world.db, order), await shown(order)]).toEqual([
        expect.objectContaining({ use: 'withdrawn' }),
        null,
      ])
    }
    await lettersGo()
    expect(mail.letters).toEqual([])
    expect((await world.db('top_up_codes').where({ digest }).pluck<string[]>('state'))[0]).toBe('withdrawn')
    expect(await codeOf(refund(ofPoints, true))).toBe('refund_not_possible')
  })

  test('a code that was seen goes back only when staff say that it was not used, and above the amount two of them', async () => {
    const { approvals, deeds } = world.parts
    const author = { kind: 'staff', id: randomUUID(), login: 'op', role: 'operator' } as const
    const submit = (order: Order, unused: boolean) =>
      approvals.submit(deeds.orders.refund, {
        payload: { number: order.number, amount: null, unused },
        author,
        reason: 'A test',
        key: randomUUID(),
      })
    const [dear, cheap] = [await voucher(guest()), await gift()]
    await lettersGo()
    expect(await world.parts.fulfilment.look(world.db, dear)).toMatchObject({
      use: 'seen',
      shownAt: null,
      mailedAt: expect.any(Date) as Date,
    })
    expect(await shown(cheap)).toMatch(/-/)
    for (const order of [dear, cheap]) expect(await codeOf(submit(order, false))).toBe('refund_not_possible')
    const preview = await deeds.orders.refund.preview({ number: dear.number, amount: null, unused: true })
    expect([preview.before, preview.after]).toMatchObject([
      { code_good: true },
      { code_good: false, code_unused: true, payout: '250.00 RUB' },
    ])
    expect(preview.before).not.toHaveProperty('available')
    expect((await submit(dear, true)).state).toBe('waiting')
    expect(await world.parts.fulfilment.look(world.db, dear)).toMatchObject({ use: 'seen' })
    expect((await submit(cheap, true)).state).toBe('done')
    expect(await shown(cheap)).toBeNull()
  })

  test('a redeemed code is not refunded, and of a refund and a redemption at once one succeeds', async () => {
    const anna = await world.member({ points: '0' })
    const order = await gift()
    const code = (await shown(order)) ?? ''
    await redeemCode(world.parts, { memberId: anna.id, code })
    expect(await codeOf(refund(order, true))).toBe('refund_not_possible')
    for (const round of [1, 2, 3]) {
      const other = await gift()
      const typed = (await shown(other)) ?? ''
      const redeem = codeOf(redeemCode(world.parts, { memberId: anna.id, code: typed }))
      const both =
        round % 2 === 0
          ? await Promise.all([codeOf(refund(other, true)), redeem])
          : await Promise.all([redeem, codeOf(refund(other, true))])
      expect(both.filter((outcome) => outcome === 'done')).toHaveLength(1)
    }
  })

  test('Invoicebox refuses the refund, or undoes it: the buyer has the code again, and nobody else', async () => {
    const refused = await gift()
    const undone = await voucher(guest())
    const codes = [await shown(refused), await shown(undone)]
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'status', status: 422, times: 1 })
    await refund(refused, true)
    expect(await shown(refused)).toBe(codes[0])
    await refund(undone, true)
    expect(await shown(undone)).toBeNull()
    const [made] = (await shop.there(undone)).refunds
    await shop.refundThere(made?.id ?? '', 'cancel')
    await shop.passes(2 * MINUTE)
    expect(await shown(undone)).toBe(codes[1])
  })

  test('a letter that was dropped while its code was withdrawn goes once the buyer has the code again', async () => {
    await lettersGo()
    mail.letters.splice(0)
    const order = await voucher(guest())
    await refund(order)
    await lettersGo()
    expect(await world.db('notices').where({ source: order.id }).pluck<string[]>('state')).toEqual(['dropped'])
    await shop.refundThere((await shop.there(order)).refunds[0]?.id ?? '', 'cancel')
    await shop.passes(2 * MINUTE)
    await lettersGo()
    expect(mail.letters.map((letter) => readLetter(letter).body.includes('V-'))).toEqual([true])
  })

  test('guests make five orders an hour with one address, however they are spread', async () => {
    const buyer = guest()
    const buy = (address: string) =>
      codeOf(buyTopUpCode(world.parts, { amount: rub('100.00'), buyer: { ...buyer, address }, language: 'ru' }))
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => buy(`198.51.100.${String(index)}`)))
    expect(outcomes.filter((outcome) => outcome !== 'done')).toEqual(['too_many_requests', 'too_many_requests', 'too_many_requests'])
    world.clock.move(HOUR)
    expect(await buy('198.51.100.9')).toBe('done')
  })

  test('one network has five orders of guests that wait to be paid, and all guests together a thousand', async () => {
    const buy = (): Promise<string> =>
      codeOf(buyTopUpCode(world.parts, { amount: rub('100.00'), buyer: { ...guest(), address: '203.0.113.7' }, language: 'ru' }))
    const outcomes = await Promise.all(Array.from({ length: 7 }, buy))
    expect(outcomes.filter((outcome) => outcome !== 'done')).toEqual(['too_many_requests', 'too_many_requests'])
    const somebody = { email: 'x@example.test', digest: 'x', addressDigest: 'y' }
    const full = await undone(world.db, async (tx) => {
      const row = await tx('orders').whereNull('member_id').where({ state: 'created' }).first<Row>()
      await requireGuestMayBuy(tx, somebody, world.clock.now())
      const blank = { state: 'creating', container_id: null, invoicebox_id: null, payment_url: null }
      const copies = Array.from({ length: 1_000 }, (_, index) => ({ ...row, ...blank, ...unique(index) }))
      await insertRows(tx, 'orders', copies)
      return codeOf(requireGuestMayBuy(tx, somebody, world.clock.now()))
    })
    expect(full).toBe('too_many_requests')
  })

  test('money of a voucher that was sold out goes back, and then no code is handed out any more', async () => {
    const code = `V-${randomUUID()}`
    const offerId = await offer({}, [code])
    const late = await buyVoucher(world.parts, { offerId, buyer: guest(), language: 'ru' })
    await shop.tells(shop.notification(late, { status: 'canceled' }))
    await bought(buyVoucher(world.parts, { offerId, buyer: guest(), language: 'ru' }))
    await shop.pays(late)
    await shop.until(late, 'paid')
    await refund(late)
    await importCodes(world.parts, { offerId, text: `V-${randomUUID()}`, ...by })
    await shop.tells(shop.notification(late))
    expect([(await shop.order(late.number)).state, await shown(late)]).toEqual(['paid', null])
  })

  test('the member sees on the page of the order what was bought, and the code', async () => {
    const { id } = await addMember(world.parts, { login: 'page', password: PASSWORD, actor: COMMAND_LINE })
    const member = new Buyer(world, id, 'page')
    const order = await voucher({ memberId: id })
    await member.signsIn()
    const page = await member.browser.open(`/account/top-ups/${order.number}`)
    expect([page.state, page.heading]).toEqual(['credited', 'Кофе с собой'])
    expect(page.html).toContain((await shown(order)) ?? 'no code')
    expect(page.html).not.toMatch(/0\s*баллов|Баллы зачислены/)
    expect((await member.browser.open('/account/top-ups')).html).toMatch(/Кофе с собой[\s\S]*выдано/)
    const english = await member.browser.open(`/account/top-ups/${order.number}?lang=en`)
    expect(english.html).toContain('Show this code, or enter it')
    await refund(order, true)
    const after = await member.browser.open(`/account/top-ups/${order.number}?lang=ru`)
    expect(after.html).toContain('больше не действует')
  })
})
