import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { WeighsMore } from '../../src/approvals'
import type { Deed, Submitted } from '../../src/approvals'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author, StaffActor, StaffRole } from '../../src/shared/actor'
import { MINUTE } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { issueSetupCode, resetAccess } from '../../src/staff'
import { findOffer, importCodes } from '../../src/storefront'
import { VOUCHER } from '../storefront/offers'
import { ENGINES } from '../support/databases'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

/** Lets through whoever waits, once it is opened. */
function gate(): { passed: Promise<void>; open: () => void } {
  let open: () => void = () => undefined
  const passed = new Promise<void>((resolve) => (open = resolve))
  return { passed, open }
}

describe.each(ENGINES)('what one person does alone on %s', (engine) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '1000' } })
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const credit = (points: string, { author }: { author: Author }): Promise<Submitted<unknown>> =>
    world.parts.approvals.submit(world.parts.deeds.points.credit, {
      payload: { memberId: anna.id, points },
      author,
      reason: 'A correction',
      key: randomUUID(),
    })
  const hired = (role: StaffRole): Promise<StaffActor> =>
    addStaff(world.parts, { login: `${role}-${randomUUID().slice(0, 6)}`, password: PASSWORD, role, actor: COMMAND_LINE })

  test('what one person does as others whom they let in counts as theirs, in whatever order and at one moment; another code ends it', async () => {
    const { approvals, deeds, staff: deps } = world.parts
    const root = await hired('admin')
    const made = [await hired('operator'), await hired('operator'), await hired('operator')] as const
    const lets = async (by: StaffActor | typeof COMMAND_LINE, who: StaffActor): Promise<void> => {
      await resetAccess(deps, who.id, { author: COMMAND_LINE, reason: 'a test' })
      await issueSetupCode(deps, who.id, by)
      await world.passes(MINUTE)
    }
    for (const one of made) await lets(root, one)
    const all = await Promise.all([...made, root].map((author) => credit('700', { author })))
    expect(all.filter(({ state }) => state === 'done')).toHaveLength(1)
    for (const author of [...made, root]) {
      const look = await approvals.look(deeds.points.credit, { memberId: anna.id, points: '301' }, author)
      expect(look).toMatchObject({ needsSecond: true, alone: { done: parseMoney('700', 'PTS') } })
    }
    expect(await credit('300', { author: made[1] })).toMatchObject({ state: 'done' })
    expect(await credit('0.01', { author: root })).toMatchObject({ state: 'waiting' })
    const clear = await hired('operator')
    await lets(COMMAND_LINE, clear)
    expect(await credit('1000', { author: clear })).toMatchObject({ state: 'done' })
  })

  test('whoever handed out the code that is good is known also where the clock of their process is slow', async () => {
    const { approvals, staff: deps } = world.parts
    const [maker, between, checker] = [await hired('admin'), await hired('admin'), await hired('approver')]
    await resetAccess(deps, checker.id, { author: COMMAND_LINE, reason: 'a test' })
    await issueSetupCode(deps, checker.id, between)
    world.clock.move(-10 * MINUTE)
    await issueSetupCode(deps, checker.id, maker)
    const asked = await credit('2000', { author: maker })
    if (asked.state !== 'waiting') throw new Error('It was done at once')
    await expect(approvals.approve(asked.request.id, checker)).rejects.toMatchObject({ code: 'let_in_by_maker' })
    world.clock.move(10 * MINUTE)
  })

  test('of a form sent twice at one moment the copy that is refused does not take the done one out of the sum', async () => {
    for (const refusedFirst of [true, false]) {
      const olga = await hired('operator')
      const [first, second, both] = [gate(), gate(), gate()]
      let begun = 0
      const deed: Deed<{ n: string }, string> = {
        kind: 'of_a_test',
        permission: 'members.adjust',
        addsUp: true,
        payload: z.strictObject({ n: z.string() }),
        weigh: () => parseMoney('700', 'PTS'),
        preview: () => Promise.resolve({ subject: 'fund', before: {}, after: {} }),
        async perform() {
          const isFirst = ++begun === 1
          if (!isFirst) both.open()
          await both.passed
          await (isFirst ? first : second).passed
          if (!isFirst) throw new Refusal('amount_changed')
          return 'done'
        },
      }
      const order = { payload: { n: '1' }, author: olga, reason: 'x', key: randomUUID() }
      const sent = [world.parts.approvals.submit(deed, order), world.parts.approvals.submit(deed, order)].map((one) =>
        one.then(
          ({ state }) => state,
          () => 'refused',
        ),
      )
      await both.passed
      const [early, late] = refusedFirst ? [second, first] : [first, second]
      early.open()
      await Promise.race(sent)
      late.open()
      expect((await Promise.all(sent)).sort()).toEqual(['done', 'refused'])
      expect(await world.db('done_alone').where({ maker: `staff:${olga.id}` })).toHaveLength(1)
    }
  })

  test('prices of offers add up; codes that came in since are weighed with the price', async () => {
    const { approvals, deeds, db } = world.parts
    const [author, first] = [await hired('operator'), randomUUID()]
    const write = (offerId: string, price: string) => {
      const payload = { ...VOUCHER, offerId, price }
      return approvals.submit(deeds.offers.change, { payload, author, reason: 'A price', key: randomUUID() })
    }
    const states = [await write(first, '3000000'), await write(randomUUID(), '3000000'), await write(randomUUID(), '2000000')]
    expect(states.map(({ state }) => state)).toEqual(['done', 'waiting', 'done'])
    const basedOn = (await findOffer(db, first))?.changedAt.toISOString() ?? ''
    const payload = { ...VOUCHER, offerId: first, price: '1', basedOn }
    const by = { author, reason: 'A price', key: randomUUID(), weighed: await deeds.offers.change.weigh(payload, '') }
    await importCodes(world.parts, { offerId: first, text: 'A-1\nA-2\nA-3', author, reason: 'A test' })
    await expect(deeds.offers.change.perform(payload, by)).rejects.toBeInstanceOf(WeighsMore)
  })

  test('the form of a price, sent again after another one, takes nothing out of the sum and does nothing more', async () => {
    const { approvals, deeds, db } = world.parts
    const [author, one, two] = [await hired('operator'), randomUUID(), randomUUID()]
    for (const offerId of [one, two])
      await deeds.offers.change.perform({ ...VOUCHER, offerId, price: '3000000' }, { author: COMMAND_LINE, reason: 'x', key: offerId })
    const formOf = async (offerId: string, price: string) => {
      const basedOn = (await findOffer(db, offerId))?.changedAt.toISOString() ?? ''
      return { payload: { ...VOUCHER, offerId, price, basedOn }, author, reason: 'A price', key: randomUUID() }
    }
    const send = (form: Awaited<ReturnType<typeof formOf>>) => approvals.submit(deeds.offers.change, form)
    const first = await formOf(one, '1')
    world.clock.move(1_000)
    expect((await send(first)).state).toBe('done')
    world.clock.move(1_000)
    expect((await send(await formOf(one, '2'))).state).toBe('done')
    await expect(send(first)).rejects.toMatchObject({ code: 'offer_changed' })
    // Neither under its key with what is there now, nor with another price.
    const { basedOn } = (await formOf(one, '1')).payload
    await expect(send({ ...first, payload: { ...first.payload, basedOn } })).rejects.toMatchObject({ code: 'key_reused' })
    await expect(send({ ...first, payload: { ...first.payload, basedOn, price: '3' } })).rejects.toMatchObject({ code: 'key_reused' })
    expect(await findOffer(db, one)).toMatchObject({ price: { minor: 200n } })
    expect((await send(await formOf(two, '1'))).state).toBe('waiting')
  })
})
