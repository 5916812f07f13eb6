import { randomUUID } from 'node:crypto'
import { weighRaise } from '../../src/members/limit-deeds'
import { PROGRAMME, readLimits } from '../../src/members/limits'
import { makePayment } from '../../src/payments/make-payment'
import { findOverLimit, periodsAt } from '../../src/payments/spending-limits'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY } from '../../src/shared/clock'
import { dayOf, dayStart, monthOf, nextMonth } from '../../src/shared/days'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

const ZONE = 'Europe/Moscow'
const NONE = { perPayment: null, perDay: null, perMonth: null }

describe.each(ENGINES)('spending limits on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, env: { TIME_ZONE: ZONE, PROGRAM_CONTACT: '8 800 000-00-00', TWO_EYES_POINTS: '1000000' } })
    // The middle of a month and of a day, so that a test decides when they end.
    const middle = dayStart(nextMonth(dayOf(world.clock.now(), ZONE)), ZONE).getTime() + 14 * DAY + DAY / 2
    world.clock.move(middle - world.clock.now().getTime())
  }, 60_000)
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const limit = async (member: Buyer, limits: Partial<Record<keyof typeof NONE, string>>): Promise<void> => {
    const payload = { memberId: member.id, own: true, ...NONE, ...limits }
    const order = { payload, author: COMMAND_LINE, reason: 'test', key: randomUUID() }
    expect((await world.parts.approvals.submit(world.parts.deeds.members.limits, order)).state).toBe('done')
  }
  const invoice = (amount: string) => world.sandbox.invoice({ amount, expirationDate: '2099-01-01T00:00:00+00:00' })
  const text = ({ html }: { html: string }): string => html.replaceAll('\u00a0', ' ')

  test('a payment above the limit for one is not offered: the page says why, that it will stay so, and whom to ask', async () => {
    const anna = await world.member({ points: '500.00' })
    await limit(anna, { perPayment: '99.99' })
    const page = await anna.opens(await invoice('100.00'))
    expect(page.state).toBe('blocked')
    expect(text(page)).toContain('Лимит на одну оплату: 99,99 балла.')
    expect(text(page)).toContain('изменить его может поддержка программы')
    expect(text(page)).toContain('8 800 000-00-00')
    expect((await anna.pays(await invoice('99.99'))).state).toBe('paid')
  })

  test('the day and the month are those of the operator, and the page says when they begin anew', async () => {
    const anna = await world.member({ points: '500.00' })
    await limit(anna, { perDay: '100.00', perMonth: '150.00' })
    expect((await anna.pays(await invoice('60.00'))).state).toBe('paid')
    const blocked = await anna.opens(await invoice('40.01'))
    expect(blocked.state).toBe('blocked')
    expect(text(blocked)).toMatch(/Лимит на день: 100 баллов, осталось 40 баллов\. Лимит обновится 16\.\d\d\.\d\d 00:00 МСК\./)
    expect((await anna.pays(await invoice('40.00'))).state).toBe('paid')
    await world.passes(DAY)
    const month = await anna.opens(await invoice('50.01'))
    expect([month.state, text(month)]).toEqual([
      'blocked',
      expect.stringMatching(/Лимит на месяц: 150 баллов, осталось 50 баллов\. Лимит обновится 01\.\d\d\.\d\d 00:00 МСК\./),
    ])
    expect((await anna.pays(await invoice('50.00'))).state).toBe('paid')
    await world.passes(DAY)
    expect((await anna.opens(await invoice('0.01'))).state).toBe('blocked')
    world.clock.move(-2 * DAY)
    await world.sandbox.advanceClock(-2 * DAY)
  })

  test('of payments that arrive together no more pass than the limit allows, and nothing of the others is held', async () => {
    const anna = await world.member({ points: '500.00' })
    await limit(anna, { perDay: '100.00' })
    const pages = []
    for (let n = 0; n < 6; n++) pages.push(await anna.opens(await invoice('40.00')))
    expect(pages.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => 'ready'))
    const ends = await Promise.all(pages.map((page) => anna.confirms(page)))
    expect(ends.map(({ state }) => state).sort()).toEqual(['blocked', 'blocked', 'blocked', 'blocked', 'paid', 'paid'])
    expect(await anna.balance()).toEqual({ available: '420.00', held: '0.00' })
  })

  test('nor at two instances at once', async () => {
    const anna = await world.member({ points: '500.00' })
    await limit(anna, { perDay: '100.00' })
    const other = buildParts(world.parts.config, { clock: world.clock, log: createLog('silent') })
    const pages = []
    for (let n = 0; n < 6; n++) pages.push(await anna.opens(await invoice('40.00')))
    const ends = await Promise.allSettled(
      pages.map(({ html, url }, n) =>
        makePayment(n % 2 === 0 ? world.parts : other, {
          checkoutId: url.split('/').at(-1) ?? '',
          memberId: anna.id,
          consent: /name="consent" value="([^"]+)"/.exec(html)?.[1] ?? '',
        }),
      ),
    )
    await other.close()
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'spending_limit' })
    expect(await anna.balance()).toEqual({ available: '420.00', held: '0.00' })
  })

  test('a neighbour without limits is paid in the same batch in which a payment is refused', async () => {
    const [anna, boris] = [await world.member({ points: '500.00' }), await world.member({ points: '500.00' })]
    await limit(anna, { perDay: '40.00' })
    const annas = [await anna.opens(await invoice('40.00')), await anna.opens(await invoice('40.00'))]
    const his = await boris.opens(await invoice('40.00'))
    const ends = await Promise.all([...annas.map((page) => anna.confirms(page)), boris.confirms(his)])
    expect(ends.map(({ state }) => state).sort()).toEqual(['blocked', 'paid', 'paid'])
    expect(await boris.balance()).toEqual({ available: '460.00', held: '0.00' })
  })

  test('a form that is sent again undoes nothing that was done since', async () => {
    const anna = await world.member({ points: '1.00' })
    const { limits: ofMember, programmeLimits: ofProgramme } = world.parts.deeds.members
    const { approvals } = world.parts
    const [own, all] = [(perDay: string) => ({ memberId: anna.id, own: true, ...NONE, perDay }), (perDay: string) => ({ ...NONE, perDay })]
    const send = async (perDay: string, key: string): Promise<void> => {
      const by = (whose: string) => ({ author: COMMAND_LINE, reason: 'test', key: `${whose}-${key}` })
      expect((await approvals.submit(ofMember, { payload: own(perDay), ...by('member') })).state).toBe('done')
      expect((await approvals.submit(ofProgramme, { payload: all(perDay), ...by('programme') })).state).toBe('done')
    }
    const first = randomUUID()
    await send('400.00', first)
    await send('1.00', randomUUID())
    await send('400.00', first)
    expect([(await readLimits(world.db, anna.id)).perDay, (await readLimits(world.db, PROGRAMME)).perDay]).toEqual([100n, 100n])
    await world.db('spending_limits').delete()
  })

  test('the programme has limits for everybody who has none of their own', async () => {
    const [anna, boris] = [await world.member({ points: '500.00' }), await world.member({ points: '500.00' })]
    await limit(boris, { perPayment: '300.00' })
    const set = (perPayment: string | null): Promise<unknown> =>
      world.parts.approvals.submit(world.parts.deeds.members.programmeLimits, {
        payload: { ...NONE, perPayment },
        author: COMMAND_LINE,
        reason: 'test',
        key: randomUUID(),
      })
    await set('10.00')
    expect((await anna.opens(await invoice('10.01'))).state).toBe('blocked')
    expect((await boris.opens(await invoice('10.01'))).state).toBe('ready')
    // The gateway itself may not lift a limit alone either.
    expect(await set(null)).toMatchObject({ state: 'waiting' })
    await world.db('spending_limits').delete()
  })

  test('a refused payment gives back what it counted for', async () => {
    const anna = await world.member({ points: '500.00' })
    await limit(anna, { perDay: '100.00' })
    await world.sandbox.fund({ balance: '0.00' })
    await anna.pays(await invoice('80.00'))
    await world.sandbox.fund({ balance: '100000.00' })
    await world.passes(10_000)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect((await anna.pays(await invoice('80.00'))).state).toBe('paid')
  })
})

describe('which limit is told', () => {
  const periods = periodsAt(new Date('2026-11-30T20:59:59Z'), ZONE)
  const over = (limits: Partial<Record<keyof typeof NONE, bigint>>, price: bigint, spent = { day: 50n, month: 200n }): unknown =>
    findOverLimit({ ...NONE, ...limits }, spent, price, periods)

  test('none, where everything fits to the last hundredth', () => {
    expect(over({ perPayment: 10n, perDay: 60n, perMonth: 210n }, 10n)).toBeUndefined()
  })
  test('the one that lasts the longest', () => {
    expect(over({ perDay: 59n, perMonth: 209n }, 10n)).toEqual({
      kind: 'per_month',
      limit: 209n,
      left: 9n,
      liftsAt: new Date('2026-11-30T21:00:00Z'),
    })
    expect(over({ perDay: 9n, perMonth: 209n }, 10n)).toEqual({ kind: 'per_day', limit: 9n, left: 0n, liftsAt: null })
    expect(over({ perPayment: 9n, perDay: 59n }, 10n)).toMatchObject({ kind: 'per_payment', liftsAt: null })
  })
  test('days and months begin at midnight in the zone', () => {
    expect(periods).toEqual({
      day: new Date('2026-11-29T21:00:00Z'),
      month: dayStart(monthOf('2026-11-30'), ZONE),
      nextDay: new Date('2026-11-30T21:00:00Z'),
      nextMonth: new Date('2026-11-30T21:00:00Z'),
    })
  })
})

describe('how heavy a change of limits is', () => {
  const limits = (perPayment: bigint | null, perDay: bigint | null = null) => ({ perPayment, perDay, perMonth: null })
  test.each([
    ['nothing for a lower limit or a new one', limits(100n), limits(50n, 10n), 'never'],
    ['what the raised ones come to, however small the step', limits(100n, 299n), limits(150n, 300n), { minor: 300n, unit: 'PTS' }],
    ['the one that is raised, and not a larger one that stays', limits(100n, 900n), limits(150n, 900n), { minor: 150n, unit: 'PTS' }],
    ['always where a limit falls away', limits(100n, 100n), limits(100n), 'always'],
  ] as const)('%s', (_what, before, after, weight) => expect(weighRaise(before, after)).toEqual(weight))
})
