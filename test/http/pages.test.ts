import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { defineRoute } from '../../src/http'
import { openSite } from './site'
import type { Site } from './site'

const ODD = `<script>alert(1)</script>"'&\u0000`

const checkout = (state: string): object => ({
  state,
  heading: ODD,
  note: ODD,
  alert: { role: 'alert', text: ODD },
  invoice: { number: ODD, amount: ODD, description: ODD, deadline: ODD, deadlineSoon: true },
  numbers: { now: ODD, charge: ODD, left: ODD },
  signIn: { action: '/sign-in', next: ODD },
  confirm: { action: '/pay/1/confirm', consent: ODD, label: ODD },
  decline: { action: '/pay/1/decline', label: ODD },
  topUp: { action: '/account/top-ups', amount: ODD, checkout: ODD, key: ODD, label: ODD },
  leave: { href: 'https://pay.example/?a=1&b="2"', label: ODD, primary: true },
  refreshSeconds: 3,
  onwardSeconds: 3,
  receipt: { rows: [{ label: ODD, value: ODD }], href: '/pay/1/receipt' },
  reference: 'ABCD1234',
  countdownTo: '2026-03-01T09:00:00.000Z',
  contact: ODD,
})
const topUpForm = { action: '/account/top-ups', key: ODD, amount: ODD, hint: ODD, alert: ODD }
const topUpLine = { href: '/account/top-ups/TU-1', what: ODD, at: ODD, amount: ODD, state: ODD }
const entry = { at: ODD, what: ODD, amount: ODD, sign: 'plus', balanceAfter: ODD, link: '/pay/1' }

const offer = {
  id: ODD,
  isPoints: true,
  title: ODD,
  text: ODD,
  price: { text: ODD, roubles: ODD },
  picture: '/catalogue/pictures/1?a=1&b="2"',
  chips: [{ text: ODD, roubles: ODD }],
  hint: ODD,
  isSoldOut: false,
  onlyBeside: { key: ODD, values: ODD },
  isChosen: true,
}
const minappForm = {
  choice: ODD,
  amount: ODD,
  who: 'member',
  email: ODD,
  code: ODD,
  pass: ODD,
  key: ODD,
  container: ODD,
  id: ODD,
  seen: ODD,
}

/** Each view with a model that fills all of it, and with the barest one it must cope with. */
const MODELS: Record<string, object[]> = {
  home: [{}],
  error: [
    { heading: ODD, text: ODD, reference: ODD, backHref: '/' },
    { heading: 'x', text: 'x', signIn: true },
  ],
  'payments/checkout': [checkout('ready'), { state: 'not-found', heading: 'x' }],
  'orders/top-up': [
    {
      state: 'waiting',
      heading: ODD,
      note: ODD,
      rows: [{ label: ODD, value: ODD }],
      deadline: ODD,
      deadlineSoon: true,
      pay: { href: 'https://pay.example/?a=1&b="2"', label: ODD },
      qr: { size: 29, path: 'M4 4h1v1h-1z' },
      onward: { href: '/account', label: ODD, primary: false },
      account: { href: '/account', label: ODD },
      refreshSeconds: 3,
      reference: ODD,
    },
    { state: 'failed', heading: 'x', note: 'x', rows: [], onward: { href: '/account', label: 'x', primary: true }, account: null },
  ],
  'orders/top-ups': [
    { form: topUpForm, lines: [topUpLine], olderHref: '/account/top-ups?before=1', newestHref: '/account/top-ups' },
    { form: null, lines: [] },
  ],
  'storefront/minapp': [
    {
      heading: ODD,
      parents: ODD,
      offers: [offer, { ...offer, isSoldOut: true }],
      form: minappForm,
      knownAs: ODD,
      asksCode: true,
      alert: { text: ODD, field: 'amount' },
      note: ODD,
      signInHref: '/sign-in',
    },
    {
      heading: 'x',
      parents: '',
      offers: [],
      form: { ...minappForm, who: 'guest' },
      knownAs: null,
      asksCode: false,
      alert: null,
      note: null,
      signInHref: '/sign-in',
    },
  ],
  'storefront/minapp-order': [
    {
      state: 'waiting',
      mark: 'waiting',
      heading: ODD,
      note: ODD,
      parents: ODD,
      rows: [{ label: ODD, value: ODD }],
      code: { label: ODD, value: ODD },
      redeem: { href: '/account/redeem', label: ODD },
      late: ODD,
      refreshSeconds: 3,
      pay: { href: 'https://pay.example/?a=1&b="2"', label: ODD },
      again: { href: '/minapp?id=1&b="2"', label: ODD },
      reference: ODD,
    },
    {
      state: 'failed',
      mark: 'failed',
      heading: 'x',
      note: 'x',
      parents: '',
      rows: [],
      code: null,
      redeem: null,
      late: null,
      pay: null,
      again: null,
      reference: 'x',
    },
  ],
  'storefront/redeem': [
    { alert: ODD, done: ODD, code: ODD },
    { alert: null, done: null, code: '' },
  ],
  'storefront/shops': [
    {
      searched: ODD,
      shops: [{ title: ODD, text: ODD, address: ODD, link: 'https://shop.example/?a=1&b="2"' }],
      moreHref: '/where-to-spend?after=1&q="',
    },
    { searched: '', shops: [], moreHref: null },
  ],
  'payments/receipt': [
    { heading: ODD, amount: ODD, rows: [{ label: ODD, value: ODD }], backHref: '/pay/1', reference: ODD },
    { heading: 'x', amount: 'x', rows: [] },
  ],
  'members/sign-in': [{ next: ODD, login: ODD, invalid: true, alert: { role: 'alert', text: ODD } }, { next: '' }],
  'staff/code': [{ alert: ODD }, { alert: null }],
  'staff/enrol': [{ alert: ODD, qr: { size: 29, path: 'M4 4h1v1h-1z' }, secret: ODD, sealed: ODD }],
  'staff/codes': [{ codes: [ODD], next: '/admin' }],
  'staff/set-up': [
    { alert: ODD, login: ODD },
    { alert: null, login: '' },
  ],
  'members/statement': [
    {
      period: ODD,
      from: ODD,
      to: ODD,
      opening: ODD,
      closing: ODD,
      csvHref: '/account/statement.csv',
      pdfHref: '/account/statement.pdf',
      lines: [{ ...entry, atUtc: ODD }],
      olderHref: '/account/statement?before=1',
      newestHref: '/account/statement',
    },
    { period: 'x', from: '', to: '', opening: 'x', closing: 'x', csvHref: '/x', pdfHref: '/x', lines: [] },
  ],
  'members/account': [
    {
      login: ODD,
      available: ODD,
      held: ODD,
      balance: ODD,
      lockedText: ODD,
      topUps: { form: topUpForm, lines: [topUpLine], allHref: '/account/top-ups' },
      entries: [entry, { ...entry, sign: 'minus', link: undefined }],
      olderHref: '/account?before=1',
      newestHref: '/account',
    },
    { login: 'x', available: 'x', held: 'x', balance: 'x', entries: [] },
  ],
}

const CASES = Object.entries(MODELS).flatMap(([view, models]) => models.map((_model, number) => [view, number] as const))

const showView = defineRoute({
  method: 'get',
  path: '/test/view',
  policy: { kind: 'public' },
  summary: 'Shows a view with a model of the tests.',
  handle: ({ req, page }) => page(req.query['view'] as string, MODELS[req.query['view'] as string]?.[Number(req.query['model'])] ?? {}),
})
const showState = defineRoute({
  method: 'get',
  path: '/test/state/:state',
  policy: { kind: 'public' },
  summary: 'Shows the checkout page in a state.',
  handle: ({ req, page }) => page('payments/checkout', { ...checkout(req.params['state'] as string), heading: 'Заголовок' }),
})

describe('the pages', () => {
  let site: Site
  beforeAll(async () => {
    site = await openSite([showView, showState], { program: { name: `Мили ${ODD}`, accent: '#0B5FFF' } })
  })
  afterAll(() => site.close())

  test('every view has its models here', () => {
    const folder = join(__dirname, '..', '..', 'views')
    const views = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ejs') && !file.startsWith('partials'),
    )
    const ours = views.map((file) => file.replaceAll('\\', '/').replace('.ejs', '')).filter((view) => !view.startsWith('backoffice/'))
    expect(ours.sort()).toEqual(Object.keys(MODELS).sort())
  })

  test.each(CASES)('%s with model %i prints every value as text and nothing as markup', async (view, number) => {
    for (const language of ['ru', 'en']) {
      const { status, text } = await site.visitor().open(`/test/view?view=${view}&model=${number}&lang=${language}`)
      expect(status).toBe(200)
      expect(text).not.toContain('<script>alert')
      expect(text).not.toMatch(/undefined|\[object|NaN/)
      expect(text).toMatch(/<main id="main" class="page" data-state="[a-z-]+"/)
      expect(text.match(/<h1 tabindex="-1"( autofocus)?>/g)).toHaveLength(1)
    }
  })

  test('what a request brings never becomes an option of the renderer', async () => {
    const query = 'view=home&model=0&settings[view options][client]=1&client=1&escapeFunction=x&debug=true&cache=false&delimiter=?'
    const { status, text } = await site.visitor().open(`/test/view?${query}`)
    expect([status, text.startsWith('<!doctype html>')]).toEqual([200, true])
  })

  test('a page that moves on by itself also does so without scripts, and only then by itself', async () => {
    const { text } = await site.visitor().open('/test/state/checking')
    expect(text).toContain('<noscript><meta http-equiv="refresh" content="3"></noscript>')
    expect(text).toContain('<noscript><meta http-equiv="refresh" content="3; url=https://pay.example/?a=1&amp;b=&#34;2&#34;"></noscript>')
    expect(text).toContain('data-state="checking" data-refresh="3"')
  })

  test('every form has a token', async () => {
    const { text } = await site.visitor().open('/test/state/ready')
    const forms = text.match(/<form[\s\S]*?<\/form>/g) ?? []
    expect(forms).toHaveLength(4)
    for (const form of forms) expect(form).toMatch(/name="_csrf" value="[0-9a-f]{64}"/)
  })

  test('the sandbox says on every page that the money is not real', async () => {
    for (const path of ['/', '/sign-in', '/nowhere', '/test/state/ready'])
      expect((await site.visitor().open(path)).text).toContain('ПЕСОЧНИЦА: деньги не настоящие')
  })

  test('the language is the one chosen, then the browser’s, then Russian; the link keeps the page', async () => {
    const visitor = site.visitor()
    const first = await visitor.open('/sign-in?next=%2Faccount%3Fbefore%3D5')
    expect(first.heading).toBe('Вход')
    expect(first.text).toContain('href="?next=%2Faccount%3Fbefore%3D5&amp;lang=en"')
    expect((await visitor.open('/sign-in', { 'accept-language': 'en' })).heading).toBe('Sign in')
    expect((await visitor.open('/sign-in?lang=en')).heading).toBe('Sign in')
    expect((await visitor.open('/sign-in')).heading).toBe('Sign in')
    expect((await visitor.open('/sign-in?lang=ru')).heading).toBe('Вход')
    for (const odd of ['lang=xx', 'lang=', 'lang=en&lang=ru', 'lang[]=en', 'lang=__proto__'])
      expect((await site.visitor().open(`/sign-in?${odd}`)).heading).toBe('Вход')
    expect((await site.visitor().open('/sign-in', { 'accept-language': 'de, *;q=0.1' })).status).toBe(200)
  })

  test('the language link cannot be turned into a link elsewhere', async () => {
    for (const path of ['//evil.example/x', '/%5Cevil.example', '/..//evil.example']) {
      const { text } = await site.visitor().open(path)
      expect(text).toContain('href="?lang=en"')
      expect(text).not.toContain('evil')
    }
  })

  test('the programme’s colours come as a style sheet of their own', async () => {
    const { headers, text } = await site.visitor().open('/brand.css')
    expect(headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(text).toBe(':root {\n  --accent: #0b5fff;\n  --accent-hover: #0a58ed;\n  --on-accent: #FFFFFF;\n}\n')
  })

  test('files of the pages are kept for a year under the address that names their version', async () => {
    const { text } = await site.visitor().open('/')
    const [href = ''] = /\/assets\/app\.css\?v=\w+/.exec(text) ?? []
    expect((await site.visitor().open(href)).headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect((await site.visitor().open('/assets/app.css?v=old')).headers.get('cache-control')).toBe('public, max-age=300')
    for (const name of ['..%2fpackage.json', '.', 'nothing.css', '__proto__', '%00'])
      expect((await site.visitor().open(`/assets/${name}`)).status).toBe(404)
  })
})

test.each(['red', '#fff', '#12345g', '#FAD247;}body{display:none', ''])('the accent %p keeps the app from starting', async (accent) => {
  await expect(openSite([], { program: { name: 'Мили', accent } })).rejects.toThrow(/is not a colour/)
})
