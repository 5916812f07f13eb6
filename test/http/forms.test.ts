import { z } from 'zod'
import { defineRoute } from '../../src/http'
import { openSite, PUBLIC_URL } from './site'
import type { Site } from './site'

describe('a form', () => {
  let site: Site
  const received: unknown[] = []

  const order = defineRoute({
    method: 'post',
    path: '/test/order',
    policy: { kind: 'public' },
    summary: 'Takes a form.',
    input: { body: z.object({ what: z.string().min(1).max(20), amount: z.string().regex(/^\d+$/).optional() }) },
    handle: ({ input, redirect }) => {
      received.push(input.body)
      redirect('/')
    },
  })
  const pay = defineRoute({
    method: 'post',
    path: '/test/pay',
    policy: { kind: 'member' },
    summary: 'Takes a form of a member.',
    handle: ({ redirect, member }) => {
      received.push(member.id)
      redirect('/')
    },
  })
  const machine = defineRoute({
    method: 'post',
    path: '/test/machine',
    policy: { kind: 'public' },
    csrf: false,
    csrfReason: 'The body is signed.',
    summary: 'Takes a signed call.',
    handle: ({ req, res, actor }) => void res.json({ bytes: (req.body as Buffer).toString('hex'), actor }),
  })

  const picture = defineRoute({
    method: 'post',
    path: '/test/picture',
    policy: { kind: 'public' },
    summary: 'Takes a file.',
    upload: true,
    input: { body: z.object({ file: z.string() }) },
    handle: ({ input, redirect }) => {
      received.push(input.body)
      redirect('/')
    },
  })

  beforeAll(async () => {
    site = await openSite([order, pay, machine, picture])
  })
  beforeEach(() => received.splice(0))
  afterAll(() => site.close())

  test('with the token of its own session is taken', async () => {
    const visitor = site.visitor()
    expect((await visitor.send('/test/order', { what: 'tea' })).status).toBe(303)
    expect(received).toEqual([{ what: 'tea' }])
  })

  test('without a token, with a made-up one or with another visitor’s is refused', async () => {
    const [visitor, other] = [site.visitor(), site.visitor()]
    await visitor.open('/sign-in')
    await other.open('/sign-in')
    const bodies = [
      'what=tea',
      'what=tea&_csrf=',
      'what=tea&_csrf=x',
      `what=tea&_csrf=${other.token}`,
      `what=tea&_csrf=${visitor.token}&_csrf=x`,
    ]
    for (const body of bodies) expect((await visitor.post('/test/order', body)).status).toBe(403)
    expect((await site.visitor().post('/test/order', `what=tea&_csrf=${visitor.token}`)).status).toBe(403)
    expect(received).toEqual([])
  })

  test('that was shown before signing in is out of date afterwards, and the page says so', async () => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const stale = visitor.token
    await visitor.enter('anna')
    const answer = await visitor.post('/test/order', `what=tea&_csrf=${stale}`)
    expect([answer.status, answer.heading]).toEqual([403, 'Страница устарела'])
    expect(answer.text).toContain('Эта форма ничего не изменила')
  })

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: `${PUBLIC_URL}.evil.example` },
    { origin: 'https://gateway.test' },
    { 'sec-fetch-site': 'same-origin', origin: 'http://evil.example' },
    { 'sec-fetch-site': 'cross-site', origin: PUBLIC_URL },
  ] as Record<string, string>[])('from another site is refused even with the token: %p', async (headers) => {
    const visitor = await site.visitor().enter('anna')
    for (const path of ['/test/order', '/test/pay', '/test/pay?x=1'])
      expect((await visitor.send(path, { what: 'tea' }, headers)).status).toBe(403)
    expect(received).toEqual([])
  })

  test('from this site is taken, as a browser sends it', async () => {
    const visitor = await site.visitor().enter('anna')
    expect((await visitor.send('/test/pay', {}, { 'sec-fetch-site': 'same-origin', origin: PUBLIC_URL })).status).toBe(303)
    expect(received).toEqual(['member-anna'])
  })

  test('of a member is refused to a stranger, to staff, and never reaches the handler', async () => {
    expect((await site.visitor().send('/test/pay', {})).status).toBe(401)
    expect((await (await site.visitor().enter('viewer')).send('/test/pay', {})).status).toBe(403)
    expect(received).toEqual([])
  })

  test.each([
    'role=admin',
    'memberId=1',
    '__proto__=1',
    '__proto__[role]=admin',
    'constructor=1',
    'toString=1',
    'what[]=tea',
    'a[b][c]=d',
    '=1',
    '%00=1',
  ])('with a field that it does not know is refused: %s', async (extra) => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const answer = await visitor.post('/test/order', `what=tea&${extra}&_csrf=${visitor.token}`)
    // A name that could reach into objects may also be dropped on the way; it must only never arrive.
    if (answer.status !== 303) expect(answer.status).toBe(400)
    expect(received.filter((body) => JSON.stringify(body) !== '{"what":"tea"}')).toEqual([])
    expect(({} as { role?: unknown }).role).toBeUndefined()
  })

  test.each([
    '',
    'what=',
    `what=${'x'.repeat(21)}`,
    'what=tea&what=coffee',
    'what=tea&amount=-1',
    'what=tea&amount=1e3',
    'what=%FF%FE%zz&amount=x',
  ])('with an odd value is a 400 with a clear sentence: %s', async (body) => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const answer = await visitor.post('/test/order', `${body}&_csrf=${visitor.token}`)
    expect([answer.status, answer.heading]).toEqual([400, 'Запрос не понят'])
    expect(received).toEqual([])
  })

  test('that is too large, has too many fields or is no form at all is a 4xx', async () => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const tail = `&_csrf=${visitor.token}`
    expect((await visitor.post('/test/order', `what=${'x'.repeat(20_000)}${tail}`)).status).toBe(413)
    expect((await visitor.post('/test/order', `${'a=1&'.repeat(2_000)}what=tea${tail}`)).status).toBe(413)
    const odd: Record<string, string>[] = [
      { 'content-type': 'application/json' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { 'content-type': 'application/x-www-form-urlencoded; charset=utf-7' },
      { 'content-encoding': 'zip' },
      { 'content-encoding': 'gzip' },
      { 'content-type': '' },
      { 'content-type': '\u0080' },
    ]
    for (const headers of odd) {
      const { status } = await visitor.post('/test/order', `what=tea${tail}`, headers)
      expect([400, 403]).toContain(status)
    }
    expect(received).toEqual([])
  })

  test('with files is taken; in parts that are none, or too many, it is a 4xx and the process lives on', async () => {
    const visitor = site.visitor()
    await visitor.open('/sign-in')
    const part = (name: string, value: string): string => `--B\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
    const send = (body: string, boundary = 'B'): Promise<number> =>
      visitor.post('/test/picture', body, { 'content-type': `multipart/form-data; boundary=${boundary}` }).then(({ status }) => status)
    const token = part('_csrf', visitor.token)
    expect(await send(`${token}${part('file', 'tea')}--B--\r\n`)).toBe(303)
    expect(received.splice(0)).toEqual([{ file: 'tea' }])
    const odd = [
      ['', 'B'],
      [`${token}${part('file', 'tea')}`, 'B'],
      [`${token}${part('file', 'tea')}--B--\r\n`, 'C'],
      [`${token}--B\r\n\r\nno name\r\n--B--\r\n`, 'B'],
      [`${token}${Array.from({ length: 40 }, (_, index) => part(`p${index}`, 'x')).join('')}--B--\r\n`, 'B'],
      [`${token}${part('__proto__', 'x')}--B--\r\n`, 'B'],
      [`${token}${part('file', 'x'.repeat(400_000))}--B--\r\n`, 'B'],
    ] as const
    for (const [body, boundary] of odd) expect([400, 403, 413]).toContain(await send(body, boundary))
    expect(received).toEqual([])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  test('a signed machine call gets its bytes as they came, needs no token, and is nobody', async () => {
    const visitor = await site.visitor().enter('anna')
    const answer = await visitor.post('/test/machine', '{"a" : 1}\r\n', {
      origin: 'https://upstream.example',
      'content-type': 'application/json',
    })
    expect(JSON.parse(answer.text)).toEqual({ bytes: Buffer.from('{"a" : 1}\r\n').toString('hex'), actor: null })
  })
})
