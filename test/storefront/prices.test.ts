import { randomUUID } from 'node:crypto'
import { createApprovals } from '../../src/approvals'
import { allDeeds } from '../../src/deeds'
import { buyVoucher, countCodes, findOffer, importCodes, loadCodes } from '../../src/storefront'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, HOUR } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { addStaff } from '../../src/members'
import { ENGINES } from '../support/databases'
import { PASSWORD, World } from '../support/world'
import { VOUCHER } from './offers'

/** One person may set prices of stocks worth 1 000 ₽, whether the codes or the price come first. */
describe.each(ENGINES)('a price and the codes that are sold by it, on %s', (engine) => {
  let world: World
  let chief: StaffActor
  beforeAll(async () => {
    world = await World.make({ engine, env: { MODE: 'demo', TWO_EYES_ROUBLES: '1000' } })
    chief = await hired('approver')
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const hired = (role: StaffRole): Promise<StaffActor> =>
    addStaff(world.parts, { login: `${role}-${randomUUID().slice(0, 6)}`, password: PASSWORD, role, actor: COMMAND_LINE })
  const codes = (count: number): string => Array.from({ length: count }, () => `V-${randomUUID()}`).join('\n')
  const free = async (offerId: string): Promise<number> => (await countCodes(world.db, [offerId])).get(offerId)?.free ?? 0

  async function prices(offerId: string, price: string, author: StaffActor): Promise<string> {
    const basedOn = (await findOffer(world.db, offerId))?.changedAt.toISOString()
    const payload = { ...VOUCHER, offerId, price, perPerson: null, ...(basedOn !== undefined && { basedOn }) }
    world.clock.move(1_000)
    const order = { payload, author, reason: 'A price', key: randomUUID() }
    return (await world.parts.approvals.submit(world.parts.deeds.offers.change, order)).state
  }
  const load = (offerId: string, text: string, author: StaffActor) =>
    loadCodes(world.parts, { offerId, text, author, reason: 'A delivery' })
  const approve = async (submitted: Awaited<ReturnType<typeof load>>): Promise<string | null> => {
    if (submitted.state !== 'waiting') throw new Error('It was done at once')
    return (await world.parts.approvals.approve(submitted.request.id, chief)).outcome
  }

  test('price first, codes later weighs what codes first, price later does: two agree to the price, then any codes are loaded', async () => {
    const [olga, offerId, text] = [await hired('operator'), randomUUID(), codes(5)]
    expect(await prices(offerId, '250', olga)).toBe('done')
    expect(await load(offerId, codes(3), olga)).toMatchObject({ state: 'done', result: { added: 3, free: 3 } })
    const asked = await load(offerId, text, olga)
    expect([asked.state, await free(offerId)]).toEqual(['waiting', 3])
    // The same file, or the same number of codes, asks nobody anew.
    expect(await load(offerId, text, await hired('operator'))).toMatchObject({
      request: asked.state === 'waiting' ? { id: asked.request.id } : {},
    })
    expect([await approve(asked), await free(offerId)]).toEqual(['done', 3])
    expect(await load(offerId, text, olga)).toMatchObject({ state: 'done', result: { added: 5, free: 8 } })
    expect(await load(offerId, codes(40), olga)).toMatchObject({ state: 'done', result: { added: 40, free: 48 } })
    // What two have agreed to is not what one of them sets next.
    expect(await prices(offerId, '249', olga)).toBe('waiting')
  })

  test('a price that two have set takes codes at once; one that one person has changed since, while the stock was empty, does not', async () => {
    const [olga, petr, offerId] = [await hired('operator'), await hired('operator'), randomUUID()]
    await twoSet(offerId, olga)
    expect((await load(offerId, codes(10), petr)).state).toBe('done')
    await world.db('voucher_codes').where({ offer_id: offerId }).update({ state: 'withdrawn' })
    expect(await prices(offerId, '1', olga)).toBe('done')
    // Another one who does not look at the price loads what is sold for a rouble now.
    expect((await load(offerId, codes(10), petr)).state).toBe('waiting')
    world.clock.move(2 * DAY)
    expect((await load(offerId, codes(10), olga)).state).toBe('waiting')
    expect((await load(offerId, codes(1), petr)).state).toBe('done')
  })

  async function twoSet(offerId: string, author: StaffActor): Promise<void> {
    const approvals = createApprovals(
      { ...world.parts, alone: { points: parseMoney('1', 'PTS'), roubles: parseMoney('1', 'RUB') } },
      allDeeds(world.parts.deeds),
    )
    const order = { payload: { ...VOUCHER, offerId, price: '900', perPerson: null }, author, reason: 'A price', key: randomUUID() }
    const asked = await approvals.submit(world.parts.deeds.offers.change, order)
    if (asked.state !== 'waiting') throw new Error('It was done at once')
    await approvals.approve(asked.request.id, chief)
    world.clock.move(1_000)
  }

  test('codes that are set aside for orders are weighed too: they are free again when nobody pays', async () => {
    const [olga, offerId] = [await hired('operator'), randomUUID()]
    expect(await prices(offerId, '300', olga)).toBe('done')
    expect((await load(offerId, codes(3), olga)).state).toBe('done')
    for (let orders = 0; orders < 2; orders++)
      await buyVoucher(world.parts, {
        offerId,
        buyer: { email: `${randomUUID()}@example.test`, address: randomUUID() },
        key: randomUUID(),
        language: 'ru',
      })
    expect([await free(offerId), await prices(offerId, '500', olga)]).toEqual([1, 'waiting'])
    world.clock.move(HOUR)
    expect((await load(offerId, codes(1), await hired('operator'))).state).toBe('waiting')
  })

  test('an approval is for the price that was looked at', async () => {
    const [olga, offerId, text] = [await hired('operator'), randomUUID(), codes(5)]
    await prices(offerId, '250', olga)
    const asked = await load(offerId, text, olga)
    expect(await prices(offerId, '251', await hired('operator'))).toBe('done')
    expect([await approve(asked), (await load(offerId, text, olga)).state]).toEqual([expect.stringContaining('offer_changed'), 'waiting'])
  })

  test('of a price and its codes at one moment one is weighed with the other', async () => {
    const [olga, petr] = [await hired('operator'), await hired('operator')]
    for (let round = 0; round < 5; round++) {
      const offerId = randomUUID()
      await world.parts.deeds.offers.change.perform(
        { ...VOUCHER, offerId, price: '10' },
        { author: COMMAND_LINE, reason: 'x', key: offerId },
      )
      const came = await Promise.all([
        prices(offerId, '900', olga),
        load(offerId, codes(2), petr).then(
          ({ state }) => state,
          () => 'refused',
        ),
      ])
      const price = (await findOffer(world.db, offerId))?.price?.minor ?? 0n
      expect([came, price * BigInt(await free(offerId)) <= 100_000n]).toEqual([came, true])
      await world.db('done_alone').delete()
    }
  })

  test('the form that adds an offer, sent twice at one moment, adds one and is told as done both times', async () => {
    const { deeds } = world.parts
    for (let rounds = 0; rounds < 5; rounds++) {
      const [offerId, key, author] = [randomUUID(), randomUUID(), await hired('operator')]
      const send = (price: string) =>
        world.parts.approvals
          .submit(deeds.offers.change, { payload: { ...VOUCHER, offerId, price }, author, reason: 'x', key })
          .then(({ state }) => state)
      expect(await Promise.all([send('1.00'), send('1.00'), send('1.00')])).toEqual(['done', 'done', 'done'])
      const other = { payload: { ...VOUCHER, offerId, price: '2.00' }, author, reason: 'x', key: randomUUID() }
      await expect(world.parts.approvals.submit(deeds.offers.change, other)).rejects.toMatchObject({ code: 'offer_changed' })
      expect(await world.db('audit_log').where({ subject: `offer:${offerId}` })).toHaveLength(1)
    }
  })

  test('the same file twice at one moment adds its codes once, and is told as known the other time', async () => {
    const offerId = randomUUID()
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, offerId, price: '1' }, { author: COMMAND_LINE, reason: 'x', key: offerId })
    for (let round = 0; round < 5; round++) {
      const [olga, text] = [await hired('operator'), codes(5)]
      const came = await Promise.all([text, text, `${text}\n${codes(2)}`].map((one) => load(offerId, one, olga)))
      const added = came.map((one) => (one.state === 'done' ? one.result.added : Number.NaN))
      expect([added.reduce((sum, one) => sum + one, 0), await free(offerId)]).toEqual([7, (round + 1) * 7])
    }
  })

  test('known codes and odd lines weigh nothing', async () => {
    const [olga, offerId, text] = [await hired('operator'), randomUUID(), codes(9)]
    await prices(offerId, '250', olga)
    await importCodes(world.parts, { offerId, text, author: COMMAND_LINE, reason: 'x' })
    expect(await load(offerId, text, olga)).toMatchObject({ state: 'done', result: { added: 0, duplicates: 9 } })
    expect(await load(offerId, `${codes(9)}\n<b>`, olga)).toMatchObject({ state: 'done', result: { added: 0, oddLines: [10] } })
  })
})
