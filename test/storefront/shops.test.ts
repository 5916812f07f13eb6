import { randomUUID } from 'node:crypto'
import { listShops, publishShop, readShop, saveShop, shopStamp } from '../../src/storefront'
import type { ShopChange } from '../../src/storefront'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { ENGINES } from '../support/databases'
import { PASSWORD, World } from '../support/world'

const by = { author: COMMAND_LINE, reason: 'A test' } as const
const shop = (change: Partial<ShopChange> = {}): ShopChange => ({
  shopId: randomUUID(),
  title: { ru: 'Ёлочный базар', en: 'Christmas market' },
  text: { ru: 'Игрушки и 100% хвоя', en: 'Toys and 100% needles' },
  address: 'Москва, Тверская, 1',
  link: 'https://market.example.test/',
  position: 1,
  isShown: true,
  ...by,
  ...change,
})

describe.each(ENGINES)('shops on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, env: { MODE: 'demo' } })
  })
  afterAll(() => world.close())

  test('everybody finds shops by words of either language, and hidden ones are not there', async () => {
    const [first, second, hidden] = [
      shop(),
      shop({ position: 2, title: { ru: 'Кофейня', en: 'Coffee' }, text: { ru: '', en: '' } }),
      shop({ isShown: false, title: { ru: 'Тайник', en: 'Hideout' } }),
    ]
    for (const each of [first, second, hidden]) await saveShop(world.parts, each)
    const titles = async (words: string): Promise<string[]> =>
      (await listShops(world.db, { words, onlyShown: true })).map(({ title }) => title.en)
    expect(await titles('')).toEqual(['Christmas market', 'Coffee'])
    expect(await titles('ЕЛОЧНЫЙ тверская')).toEqual(['Christmas market'])
    expect(await titles('coffee')).toEqual(['Coffee'])
    expect(await titles('100%')).toEqual(['Christmas market'])
    expect(await titles('1_0%')).toEqual([])
    const visitor = world.browser()
    const page = await visitor.open('/where-to-spend?q=coffee')
    expect([page.status, page.state, page.heading]).toEqual([200, 'where-to-spend', 'Где потратить баллы'])
    expect([page.html.includes('Кофейня'), page.html.includes('Ёлочный')]).toEqual([true, false])
    expect((await visitor.open('/where-to-spend?q=%3Cb%3E&lang=en')).html).toContain('Nothing was found for “&lt;b&gt;”')
    const bad = [
      { link: 'javascript:alert(1)' },
      { link: 'https://:p@x.example/' },
      { link: 'https://u@x.example/' },
      { link: 'https://x.example/\u202egnp.exe' },
      { link: 'https://x.example/\n' },
      { title: { ru: '', en: 'x' } },
      { title: { ru: 'x', en: 'a\u202eb' } },
      { text: { ru: 'a\u2067b', en: '' } },
      { address: 'a\u0000b' },
      { address: 'a\u061cb' },
    ]
    for (const change of bad) await expect(saveShop(world.parts, shop(change))).rejects.toMatchObject({ code: 'bad_input' })
  })

  test('a shop is created in the marketplace once, updated there afterwards, and every answer is shown', async () => {
    const { shopId } = shop()
    await saveShop(world.parts, shop({ shopId }))
    const made = await publishShop(world.parts, { shopId, ...by })
    expect(made.marketplace).toMatchObject({ state: 'accepted', note: null, id: expect.stringMatching(/^\d+$/) as string })
    await saveShop(world.parts, shop({ shopId, address: 'Москва, Арбат, 2' }))
    expect((await publishShop(world.parts, { shopId, ...by })).marketplace).toMatchObject({ state: 'accepted', id: made.marketplace.id })
    const { data } = (await (await fetch(`${world.sandbox.url}/_sandbox/requests?limit=100`)).json()) as { data: { path: string }[] }
    const asked = data.filter(({ path }) => path.includes('/marketplace/api/shop'))
    expect(asked.map(({ path }) => path.split('/shop')[1])).toEqual([`/${made.marketplace.id ?? ''}`, ''])

    const other = shop()
    await saveShop(world.parts, other)
    await expect(publishShop(world.parts, { shopId: other.shopId, knownId: made.marketplace.id ?? '', ...by })).rejects.toMatchObject({
      code: 'bad_input',
    })
    const nowhere = await publishShop(world.parts, { shopId: other.shopId, knownId: '999999', ...by })
    expect(nowhere.marketplace.state).toBe('rejected')
  })

  test('a new shop whose form was sent twice at once is one shop', async () => {
    const once = shop()
    await Promise.all([saveShop(world.parts, once), saveShop(world.parts, once), saveShop(world.parts, once)])
    expect(await world.db('audit_log').where({ subject: `shop:${once.shopId}` })).toHaveLength(1)
  })

  test('a form that was opened before somebody else’s change overwrites nothing, and of two at once one is refused', async () => {
    const { shopId } = shop()
    await saveShop(world.parts, shop({ shopId, basedOn: shopStamp() }))
    const seen = shopStamp(await readShop(world.db, shopId))
    world.clock.move(1_000)
    const [mine, theirs] = ['Москва, Арбат, 2', 'Казань, Баумана, 3'].map((address) => shop({ shopId, address, basedOn: seen }))
    if (!mine || !theirs) throw new Error('Two forms are sent.')
    const outcomes = await Promise.allSettled([saveShop(world.parts, mine), saveShop(world.parts, theirs)])
    const refused = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))
    expect(refused).toEqual([expect.objectContaining({ code: 'shop_changed' })])
    const [done, late] = outcomes[0].status === 'fulfilled' ? [mine, theirs] : [theirs, mine]
    await saveShop(world.parts, done)
    await expect(saveShop(world.parts, late)).rejects.toMatchObject({ code: 'shop_changed' })
    await expect(saveShop(world.parts, { ...late, basedOn: shopStamp() })).rejects.toMatchObject({ code: 'shop_changed' })
    expect((await readShop(world.db, shopId)).address).toBe(done.address)
    expect(await world.db('audit_log').where({ subject: `shop:${shopId}` })).toHaveLength(2)
  })

  test('a creation without an answer is not repeated by itself', async () => {
    const { shopId } = shop()
    await saveShop(world.parts, shop({ shopId }))
    await world.sandbox.misbehave({ on: '*', kind: 'lose-answer', times: 1 })
    expect((await publishShop(world.parts, { shopId, ...by })).marketplace).toMatchObject({ state: 'unknown', id: null })
    await world.db('shops').where({ id: shopId }).update({ marketplace_state: 'asked', marketplace_at: world.clock.now().toISOString() })
    await expect(publishShop(world.parts, { shopId, ...by })).rejects.toMatchObject({ code: 'key_reused' })
    await expect(publishShop({ ...world.parts, marketplace: null }, { shopId, ...by })).rejects.toMatchObject({
      code: 'marketplace_unavailable',
    })
    expect((await readShop(world.db, shopId)).marketplace.state).toBe('asked')
  })

  test('after a creation without an answer somebody looks first, and says what they found', async () => {
    const [lost, found] = [shop(), shop()]
    for (const { shopId } of [lost, found]) {
      await saveShop(world.parts, shop({ shopId }))
      await world.sandbox.misbehave({ on: '*', kind: 'lose-answer', times: 1 })
      expect((await publishShop(world.parts, { shopId, ...by })).marketplace).toMatchObject({ state: 'unknown', id: null })
    }
    const { shopId } = lost
    const blindly = (): Promise<unknown> => publishShop(world.parts, { shopId, ...by })
    await expect(blindly()).rejects.toMatchObject({ code: 'bad_input', detail: 'knownId' })
    await world.db('shops').where({ id: shopId }).update({ marketplace_state: 'asked' })
    world.clock.move(3 * 60_000)
    await expect(blindly()).rejects.toMatchObject({ code: 'bad_input', detail: 'knownId' })
    expect((await publishShop(world.parts, { shopId, knownId: '999998', ...by })).marketplace.state).toBe('unknown')
    expect((await publishShop(world.parts, { shopId, isNotThere: true, ...by })).marketplace.state).toBe('accepted')
  })

  test('an update takes a shop away from nobody: its merchant and the programmes of others stay, ours is added', async () => {
    const { shopId } = shop()
    await saveShop(world.parts, shop({ shopId }))
    const theirs = { title: 'Чужой', merchantId: 'another', accountProgramIds: ['another-programme'] }
    const knownId = String((await atMarketplace('shop', theirs)).id)
    expect((await publishShop(world.parts, { shopId, knownId, ...by })).marketplace).toMatchObject({ state: 'accepted', id: knownId })
    const programme = world.parts.marketplace?.programId ?? ''
    expect(await atMarketplace(`shop/${knownId}`, {})).toMatchObject({
      title: 'Чужой',
      merchantId: 'another',
      accountProgramIds: ['another-programme', programme],
      description: 'Игрушки и 100% хвоя',
    })
  })

  async function atMarketplace(path: string, body: object): Promise<Record<string, unknown>> {
    const headers = { authorization: `Bearer ${world.parts.config.invoicebox.merchantToken}`, 'content-type': 'application/json' }
    const asked = { method: 'POST', headers, body: JSON.stringify(body) }
    const answer = await fetch(`${world.sandbox.url}/v3/marketplace/api/${path}`, asked)
    return ((await answer.json()) as { data: Record<string, unknown> }).data
  }

  test('a list longer than a page goes on behind its last shop, for staff and for everybody', async () => {
    const many = Array.from({ length: 101 }, (_, index) =>
      shop({ position: 500 + index, title: { ru: `Лавка ${index}`, en: `Booth ${index}` } }),
    )
    for (const each of many) await saveShop(world.parts, each)
    const visitor = world.browser()
    const first = await visitor.open('/where-to-spend?q=лавка')
    expect([first.html.includes('Лавка 99<'), first.html.includes('Лавка 100<')]).toEqual([true, false])
    const more = /href="(\/where-to-spend\?[^"]*after=[^"]*)"/.exec(first.html)?.[1] ?? ''
    const second = await visitor.open(more.replaceAll('&#38;', '&').replaceAll('&amp;', '&'))
    expect([second.html.includes('Лавка 100<'), second.html.includes('Лавка 99<'), second.html.includes('Показать ещё')]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('staff keep shops on pages of their own', async () => {
    await addStaff(world.parts, { login: 'the-operator', password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const operator = world.browser()
    await operator.submit(await operator.open('/sign-in'), '/sign-in', { login: 'the-operator', password: PASSWORD })
    const typed = {
      titleRu: 'Пекарня',
      titleEn: 'Bakery',
      textRu: '',
      textEn: '',
      address: '',
      link: '',
      position: '7',
      shown: 'yes',
      reason: 'Новая',
    }
    const added = await operator.submit(await operator.open('/admin/shops'), '/admin/shops', typed)
    expect([added.state, added.heading]).toEqual(['shop', 'Пекарня'])
    world.clock.move(1_000)
    const changed = await operator.submit(added, '/admin/shops', { ...typed, titleEn: 'The bakery', reason: 'Новое имя' })
    expect(changed.heading).toBe('Пекарня')
    const late = await operator.submit(added, '/admin/shops', { ...typed, titleEn: 'Rolls', position: '8', reason: 'Опоздала' })
    expect([late.status, late.state]).toEqual([409, 'shop'])
    // What was typed is kept, what stands otherwise by now is named, and who sends it once more has seen that.
    expect(late.html).toMatch(/role="alert"[^>]*>Магазин тем временем изменили: Название \(англ\.\): The bakery; Место в списке: 7\. /)
    for (const kept of ['value="Rolls"', 'value="8"', 'value="Опоздала"']) expect(late.html).toContain(kept)
    const sentAgain = await operator.submit(late, '/admin/shops', { ...typed, titleEn: 'Rolls', reason: 'Снова' })
    expect([sentAgain.status, sentAgain.html.includes('value="Rolls"')]).toEqual([200, true])
    const sent = await operator.submit(added, /\/publish$/, { reason: 'Передать' })
    expect(sent.html).toContain('передан')
    const shops = await operator.open('/admin/shops')
    expect([shops.html.includes('Пекарня'), shops.html.includes('/admin/shops?after=')]).toEqual([true, true])
    expect((await operator.open('/where-to-spend?q=пекарня')).html).toContain('Пекарня')
  })
})
