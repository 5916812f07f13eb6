import { randomUUID } from 'node:crypto'
import { countCodes, findOffer, importCodes, listOffers, readOffers, setPicture } from '../../src/storefront'
import type { OfferPayload } from '../../src/storefront'
import { takeFree } from '../../src/storefront/stock-store'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import type { Browser } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import { VOUCHER } from './offers'

const hex = (...parts: string[]): Buffer => Buffer.from(parts.join(''), 'hex')
const text = (ascii: string): string => Buffer.from(ascii, 'latin1').toString('hex')
const wide = (pixels: number, bytes: number): string => pixels.toString(16).padStart(2 * bytes, '0')
const little = (pixels: number, bytes: number): string => (wide(pixels, bytes).match(/../g) ?? []).reverse().join('')

/** The beginning of a picture of each kind, as wide and as high as it says. */
const png = (width: number, height: number): Buffer => hex('89504e470d0a1a0a0000000d', text('IHDR'), wide(width, 4), wide(height, 4))
const jpeg = (width: number, height: number): Buffer =>
  hex('ffd8', 'ffe00004abcd', 'ffff', 'c2001108', wide(height, 2), wide(width, 2), '03012200021101031101ffd9')
const webp = {
  lossy: (width: number, height: number): Buffer =>
    hex(text('RIFF'), '00000000', text('WEBPVP8 '), '00000000', '000000', '9d012a', little(width, 2), little(height, 2)),
  lossless: (width: number, height: number): Buffer =>
    hex(text('RIFF'), '00000000', text('WEBPVP8L'), '00000000', '2f', little((height - 1) * 2 ** 14 + (width - 1), 4), '0000000000'),
  extended: (width: number, height: number): Buffer =>
    hex(text('RIFF'), '00000000', text('WEBPVP8X'), '0a000000', '00000000', little(width - 1, 3), little(height - 1, 3)),
}
const PNG = png(640, 480)
const WEBP = webp.lossy(640, 480)
const by = { author: COMMAND_LINE, reason: 'A test' } as const

describe.each(ENGINES)('the catalogue on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, env: { MODE: 'demo', TWO_EYES_ROUBLES: '1000' } })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  async function offer(change: Partial<OfferPayload> = {}): Promise<string> {
    const offerId = randomUUID()
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, offerId, ...change }, { ...by, key: offerId })
    return offerId
  }

  /** What a form says that was made from the offer as it is. */
  const seen = async (offerId: string): Promise<{ basedOn?: string }> => {
    const found = await findOffer(world.db, offerId)
    return found ? { basedOn: found.changedAt.toISOString() } : {}
  }

  const op = { kind: 'staff', id: randomUUID(), login: 'op', role: 'operator' } as const
  const submit = async (offerId: string, change: object, author: Author = op) =>
    world.parts.approvals.submit(world.parts.deeds.offers.change, {
      payload: { ...VOUCHER, offerId, ...(await seen(offerId)), ...change },
      author,
      reason: 'A test',
      key: randomUUID(),
    })

  test('an offer is on sale while it is enabled and within its days, in the order of its places', async () => {
    const [last, first] = [await offer({ position: '90' }), await offer({ position: '1' })]
    const hidden = [await offer({ enabled: false }), await offer({ activeFrom: '2099-01-01' }), await offer({ activeUntil: '2020-01-01' })]
    const points = await offer({
      type: 'points',
      price: null,
      chips: '500 1000',
      perPerson: null,
      least: '100',
      metaKey: 'iataCode',
      metaValues: 'LED\n SVO ',
    })
    const onSale = await listOffers(world.db, { now: world.clock.now() })
    expect(onSale.map(({ id }) => id)).toEqual([first, points, last])
    for (const id of hidden) expect(await findOffer(world.db, id)).toBeDefined()
    expect(onSale.map(({ inStock }) => inStock)).toEqual([0, null, 0])
    expect(onSale[1]).toMatchObject({
      price: null,
      chips: [{ minor: 50_000n }, { minor: 100_000n }],
      least: { minor: 10_000n },
      visibility: { key: 'iataCode', values: ['LED', 'SVO'] },
    })
  })

  test('codes come into the stock once, sealed, and two orders at once get two of them', async () => {
    const offerId = await offer()
    const text = '\ufeffCODE-1;ignored\r\n"CODE-2"\n\n  CODE-3  \nCODE-1'
    const ends = { first: 'C…1', last: 'C…1' }
    expect(await importCodes(world.parts, { offerId, text, ...by })).toEqual({ added: 3, duplicates: 1, oddLines: [], free: 3, ...ends })
    expect(await importCodes(world.parts, { offerId, text, ...by })).toEqual({ added: 0, duplicates: 4, oddLines: [], free: 3, ...ends })
    expect(await importCodes(world.parts, { offerId, text: 'CODE-9\n<b>\n?', ...by })).toMatchObject({ added: 0, oddLines: [2, 3] })
    const rows = JSON.stringify([await world.db('voucher_codes').where({ offer_id: offerId }), await world.db('audit_log')])
    expect(rows).not.toContain('CODE-')
    const at = world.clock.now()
    const take = (): ReturnType<typeof takeFree> =>
      inTransaction(world.db, (tx) => takeFree(tx, offerId, { orderId: randomUUID(), state: 'reserved', at, isGood: () => true }))
    const taken = await Promise.all([take(), take(), take(), take()])
    expect(new Set(taken.map((code) => code?.id)).size).toBe(4)
    expect(taken.filter((code) => code === undefined)).toHaveLength(1)
    expect((await countCodes(world.db, [offerId])).get(offerId)).toEqual({ free: 0, reserved: 3, sold: 0, withdrawn: 0 })
    const [code] = taken
    expect(world.parts.storefront.codes.unseal(code?.id ?? '', code?.sealed ?? '')).toMatch(/^CODE-\d$/)
    expect(world.parts.storefront.codes.unseal(randomUUID(), code?.sealed ?? '')).toBeUndefined()
    const answerTo = (query: PromiseLike<unknown>): PromiseLike<string> =>
      query.then(
        () => 'done',
        () => 'refused',
      )
    expect(await answerTo(world.db('voucher_codes').where({ offer_id: offerId }).delete())).toBe('refused')
    expect(await answerTo(world.db('voucher_codes').where({ offer_id: offerId }).update({ sealed: 'x' }))).toBe('refused')
    // Also the others: no order of ours stands behind what was taken here.
    await world.db('voucher_codes').where({ offer_id: offerId }).update({ state: 'withdrawn' })
    const withdrawn = world.db('voucher_codes').where({ id: code?.id })
    expect(await answerTo(withdrawn.clone().update({ state: 'free', order_id: null }))).toBe('refused')
  })

  test('a price above the amount waits for a second person, whichever way it goes', async () => {
    const dear = await offer({ price: '5000.00' })
    expect((await submit(randomUUID(), { price: '999.00' })).state).toBe('done')
    expect((await submit(randomUUID(), { price: '1000.01' })).state).toBe('waiting')
    expect((await submit(dear, { price: '1.00' })).state).toBe('waiting')
    expect((await submit(dear, { price: '5000.00' })).state).toBe('done')
    for (const change of [
      { type: 'points' },
      { price: null },
      { chips: '500' },
      { metaKey: 'iataCode' },
      { activeFrom: '2026-02-30' },
      { perPerson: '0' },
    ])
      await expect(submit(dear, change)).rejects.toMatchObject({ code: 'bad_input' })
  })

  test('an approval is for the offer that was looked at: one that was taken off sale meanwhile stays so', async () => {
    const { approvals, deeds } = world.parts
    const chief = { kind: 'staff', id: randomUUID(), login: 'chief', role: 'admin' } as const
    const offerId = await offer({ price: '5000.00' })
    const waits = await submit(offerId, { price: '4000.00' })
    if (waits.state !== 'waiting') throw new Error('It did not wait.')
    world.clock.move(1_000)
    await deeds.offers.change.perform(
      { ...VOUCHER, offerId, price: '5000.00', enabled: false, ...(await seen(offerId)) },
      { ...by, key: randomUUID() },
    )
    await expect(approvals.preview(waits.request)).rejects.toMatchObject({ code: 'offer_changed' })
    await approvals.approve(waits.request.id, chief)
    expect(await findOffer(world.db, offerId)).toMatchObject({ isEnabled: false, price: { minor: 500_000n } })
  })

  test('the form that added an offer, sent again, undoes nothing that was done to it since', async () => {
    const { offers } = world.parts.deeds
    const [offerId, first] = [randomUUID(), { ...by, key: randomUUID() }]
    const added = { ...VOUCHER, offerId, price: '100.00' }
    await offers.change.perform(added, first)
    await offers.change.perform(added, first)
    world.clock.move(1_000)
    await offers.change.perform({ ...added, price: '500.00', enabled: false, ...(await seen(offerId)) }, { ...by, key: randomUUID() })
    await expect(offers.change.perform(added, first)).rejects.toMatchObject({ code: 'offer_changed' })
    expect(await findOffer(world.db, offerId)).toMatchObject({ isEnabled: false, price: { minor: 50_000n } })
  })

  test('a price weighs as much as the codes that are sold by it', async () => {
    const [offerId, somebody] = [await offer({ price: '500.00' }), { ...op, id: randomUUID() }]
    expect((await submit(offerId, { price: '400.00' }, somebody)).state).toBe('done')
    await importCodes(world.parts, { offerId, text: 'W-1\nW-2\nW-3', ...by })
    expect((await submit(offerId, { price: '300.00' }, somebody)).state).toBe('waiting')
  })

  test('values that outgrow their place as JSON are refused by both engines alike', async () => {
    const quotes = (count: number) => ({ metaKey: 'iataCode', metaValues: '"'.repeat(count) })
    await expect(submit(randomUUID(), quotes(600), COMMAND_LINE)).rejects.toMatchObject({ code: 'bad_input', detail: 'metaValues' })
    await offer(quotes(490))
  })

  test('a picture tells its size, and one without or beyond it is refused', async () => {
    const offerId = await offer()
    const kinds = [png, jpeg, webp.lossy, webp.lossless, webp.extended]
    for (const [index, kind] of kinds.entries()) {
      const answer = (bytes: Buffer): Promise<string> =>
        setPicture(world.parts, { offerId, bytes, ...by }).then(
          () => 'done',
          (error: unknown) => (error as { code?: string }).code ?? String(error),
        )
      const good = kind(4_000, 1)
      const odd = [kind(4_001, 1), kind(1, 4_001), good.subarray(0, 14), good.subarray(0, 17)]
      expect([index, await answer(good), ...(await Promise.all(odd.map(answer)))]).toEqual([index, 'done', ...odd.map(() => 'bad_picture')])
    }
    await expect(setPicture(world.parts, { offerId, bytes: png(0, 5), ...by })).rejects.toMatchObject({ code: 'bad_picture' })
  })

  test('a code that is too long when it is sealed is an odd line, on both engines alike', async () => {
    const offerId = await offer()
    const long = (letters: number): string => `1${'Ы'.repeat(letters)}`
    expect(await importCodes(world.parts, { offerId, text: `${long(30)}\n1${'漢'.repeat(90)}`, ...by })).toMatchObject({
      added: 0,
      oddLines: [2],
    })
    expect(await importCodes(world.parts, { offerId, text: `${long(99)}\n1${'漢'.repeat(83)}`, ...by })).toMatchObject({
      added: 2,
      oddLines: [],
    })
    await world.db('voucher_codes').where({ offer_id: offerId }).update({ state: 'withdrawn' })
  })

  test('signs that turn the direction of a text round are refused', async () => {
    for (const change of [{ titleRu: 'Кофе\u202eабв' }, { textEn: 'a\u2066b' }, { titleEn: 'a\u200fb' }])
      await expect(
        world.parts.approvals.submit(world.parts.deeds.offers.change, {
          payload: { ...VOUCHER, offerId: randomUUID(), ...change },
          author: COMMAND_LINE,
          reason: 'x',
          key: randomUUID(),
        }),
      ).rejects.toMatchObject({ code: 'bad_input' })
  })

  test('two pictures at once: one of them is the picture', async () => {
    const offerId = await offer()
    const codes = await Promise.all(
      [PNG, WEBP, PNG, WEBP].map((bytes) => setPicture(world.parts, { offerId, bytes, ...by }).then(() => 'done')),
    )
    expect(codes).toEqual(['done', 'done', 'done', 'done'])
    expect(await world.db('offer_pictures').where({ offer_id: offerId })).toHaveLength(1)
  })

  test('a picture is known by its bytes, served as nothing else, and kept for a year', async () => {
    const offerId = await offer()
    for (const bytes of [Buffer.from('<svg onload=alert(1)>'), Buffer.alloc(0), Buffer.concat([PNG, Buffer.alloc(200 * 1024)])])
      await expect(setPicture(world.parts, { offerId, bytes, ...by })).rejects.toMatchObject({ code: 'bad_picture' })
    await setPicture(world.parts, { offerId, bytes: PNG, ...by })
    await setPicture(world.parts, { offerId, bytes: WEBP, ...by })
    const { picture } = (await findOffer(world.db, offerId)) ?? {}
    const answer = await world.browser().fetch(picture?.href ?? '')
    expect(Buffer.from(await answer.arrayBuffer())).toEqual(WEBP)
    expect(answer.headers.get('content-type')).toBe('image/webp')
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
    expect(answer.headers.get('cache-control')).toContain('max-age=31536000')
    expect(answer.headers.get('set-cookie')).toBeNull()
  })
})

describe('the pages of the catalogue', () => {
  let world: World
  let operator: Browser
  let viewer: Browser
  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_ROUBLES: '1000' } })
    const signedIn = async (role: 'operator' | 'viewer'): Promise<Browser> => {
      await addStaff(world.parts, { login: `the-${role}`, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: `the-${role}`, password: PASSWORD })
      return browser
    }
    operator = await signedIn('operator')
    viewer = await signedIn('viewer')
  })
  afterAll(() => world.close())

  test('staff add an offer, change it, fill its stock and give it a picture', async () => {
    const typed = {
      ...VOUCHER,
      type: 'voucher',
      price: '250,00',
      perPerson: '',
      metaKey: 'iataCode',
      metaValues: 'LED\r\nSVO',
      enabled: 'yes',
      reason: 'Новый ваучер',
    }
    const fields = Object.fromEntries(Object.entries(typed).map(([name, value]) => [name, value ?? ''])) as Record<string, string>
    const shown = await operator.submit(await operator.open('/admin/catalogue'), '/admin/catalogue', fields)
    expect([shown.state, shown.html]).toEqual(['confirm', expect.stringContaining('iataCode: LED, SVO')])
    const list = await operator.submit(shown, '/admin/catalogue')
    expect([list.state, list.html]).toEqual(['catalogue', expect.stringContaining('Кофе с собой')])
    expect(list.html).toContain('коды кончились')
    const [offer] = await readOffers(world.db)
    const card = `/admin/catalogue/${offer?.id ?? ''}`

    const filled = await operator.submit(await operator.open(card), /\/codes$/, { codes: 'AAA-1\nAAA-2\nAAA-1', reason: 'Партия' })
    expect(filled.html).toContain('Добавлено кодов: 2. Повторов пропущено: 1. Теперь свободно: 2.')
    const form = new FormData()
    form.set('_csrf', /name="_csrf" value="([^"]+)"/.exec(filled.html)?.[1] ?? '')
    form.set('codes', '')
    form.set('file', new Blob(['AAA-3;x\nAAA-2']), 'codes.csv')
    form.set('reason', 'Файл')
    const origin = { origin: world.url, 'sec-fetch-site': 'same-origin' }
    const sent = await operator.fetch(`${card}/codes`, { method: 'POST', body: form, headers: origin })
    expect(await sent.text()).toContain('Добавлено кодов: 1. Повторов пропущено: 1. Теперь свободно: 3.')
    const heavy = await operator.submit(await operator.open(card), /\/codes$/, { codes: 'AAA-4\nAAA-5', reason: 'Партия' })
    expect([heavy.status, heavy.html]).toEqual([
      422,
      expect.stringMatching(/Ничего не добавлено: по цене 250,00\s₽, которую задал один человек/),
    ])
    const bad = await operator.submit(await operator.open(card), /\/codes$/, { codes: '<>', reason: 'x' })
    expect([bad.status, bad.html]).toEqual([422, expect.stringContaining('строки 1')])
    expect((await operator.submit(await operator.open(card), /\/codes$/, { codes: '', reason: 'x' })).status).toBe(422)

    const asked = await operator.submit(await operator.open(card), /\/codes\/withdraw$/, { codes: 'all', reason: 'Утекло' })
    expect([asked.state, asked.html]).toEqual(['confirm', expect.stringContaining('Изъять коды предложения')])
    expect((await operator.submit(asked, /\/codes\/withdraw$/)).state).toBe('offer')
    expect((await countCodes(world.db, [offer?.id ?? ''])).get(offer?.id ?? '')).toMatchObject({ free: 0, withdrawn: 3 })

    form.delete('codes')
    form.delete('file')
    form.set('picture', new Blob([PNG]), 'whatever.svg')
    expect((await operator.fetch(`${card}/picture`, { method: 'POST', body: form, headers: origin })).status).toBe(303)
    form.set('picture', new Blob(['<svg/>']), 'picture.png')
    expect((await operator.fetch(`${card}/picture`, { method: 'POST', body: form, headers: origin })).status).toBe(422)
    form.set('picture', new Blob([Buffer.alloc(400 * 1024)]), 'picture.png')
    expect((await operator.fetch(`${card}/picture`, { method: 'POST', body: form, headers: origin })).status).toBe(413)
    form.set('_csrf', 'x')
    form.set('picture', new Blob([PNG]), 'picture.png')
    expect((await operator.fetch(`${card}/picture`, { method: 'POST', body: form, headers: origin })).status).toBe(403)
    expect((await operator.open(card)).html).toContain('/catalogue/pictures/')

    const looked = await viewer.open(`${card}?lang=en`)
    expect([looked.status, looked.heading, looked.html.includes('<textarea')]).toEqual([200, 'Coffee to go', false])
    const refused = await viewer.post('/admin/catalogue', { reason: 'x' })
    expect(refused.status).toBe(403)
  })
})
