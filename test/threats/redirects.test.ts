import { ask } from '../routes/client'
import { formsOf } from '../support/browser'
import type { Page } from '../support/browser'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

const EVIL = 'evil.example'
const SHOP = 'shop.example.ru'

/** Ways to write an address that some reader takes for another site's, or for code. */
const HOSTS = [
  EVIL,
  `${SHOP}.${EVIL}`,
  `${EVIL}.`,
  `${SHOP}@${EVIL}`,
  `${SHOP}:x@${EVIL}`,
  `${SHOP}%40${EVIL}`,
  `${EVIL}#${SHOP}`,
  `${EVIL}?${SHOP}`,
  `${EVIL}\\${SHOP}`,
  `${EVIL}/${SHOP}`,
  `x${SHOP}`,
  `www.${SHOP}`,
  `${SHOP}.`,
  `${SHOP}:8443`,
  `${SHOP}%00.${EVIL}`,
  `${SHOP}%2e${EVIL}`,
  `${SHOP}\u3002${EVIL}`,
  `shop\u3002example\uff0eru.${EVIL}`,
  `evil\u3002example`,
  `\uff45vil.example`,
  'еvil.example',
  `[::1]`,
  `[::ffff:1.2.3.4]`,
  '1.2.3.4',
  '0x01020304',
  '16909060',
  '01.02.03.04',
  'localhost',
  `${EVIL}:80`,
  `user@${SHOP}`,
  `user:password@${SHOP}`,
  `@${SHOP}`,
  `:@${SHOP}`,
  `${SHOP},${EVIL}`,
  `${SHOP};${EVIL}`,
  `${SHOP} ${EVIL}`,
  `${SHOP}\t.${EVIL}`,
  `${SHOP}\n.${EVIL}`,
  `${SHOP}\r\nLocation: https://${EVIL}`,
  `${SHOP}&@${EVIL}`,
  `${SHOP}\u00ad.${EVIL}`,
  `*.${SHOP}`,
  '*',
  '',
]
const BEFORE = [
  'https://',
  'http://',
  'https:',
  'https:/',
  'https:///',
  'https:////',
  'https:\\\\',
  'https:/\\',
  '//',
  '///',
  '\\\\',
  '/\\',
  '\\/',
  '\t//',
  '/\t/',
  'ht\ttps://',
  'HTTPS://',
  'hTtPs:\\/',
  ' https://',
  '\u0000https://',
  '\u00a0https://',
  '\ufeffhttps://',
  'https://\u0000',
  'https://@',
  'https://:@',
  'https%3A%2F%2F',
  '%2F%2F',
  'ftp://',
  'ws://',
  'file://',
  'blob:https://',
  'view-source:https://',
  'filesystem:https://',
  'jar:https://',
  'url:https://',
  'x:https://',
]
const CODE = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  ' javascript:alert(1)',
  'javascript://shop.example.ru/%0aalert(1)',
  `javascript:alert(1)//https://${SHOP}/`,
  'javascript%3Aalert(1)',
  'vbscript:msgbox(1)',
  'data:text/html,<script>alert(1)</script>',
  'data:text/html;base64,PHNjcmlwdD4=',
  `data:${SHOP}/,x`,
  'about:blank',
  'mailto:a@evil.example',
  'tel:+100',
  'intent://evil.example#Intent;end',
  '\'"><script>alert(1)</script>',
  '"onmouseover="alert(1)',
  'x'.repeat(5_000),
  `https://${EVIL}/${'a'.repeat(5_000)}`,
  '.',
  '..',
  '?',
  '#',
  '/',
  'null',
  '[object Object]',
]

/** Everything but the plain, allowed form: of several hundred payloads none may lead a browser away. */
const payloads = [
  ...new Set([
    ...BEFORE.flatMap((before, row) => HOSTS.filter((_, column) => (row + column) % 7 === 0).map((host) => `${before}${host}`)),
    ...HOSTS.map((host) => `https://${host}/cart?a=b`),
    ...CODE,
  ]),
].filter((text) => !isPlainlyAllowed(text))

/** What the shop itself would write; `http` is allowed outside production, as is any spelling of the scheme. */
function isPlainlyAllowed(text: string): boolean {
  return /^https?:\/\/(127\.0\.0\.1|shop\.example\.ru)(:\d+)?([/?#][^\s\\]*)?$/i.test(text) && new URL(text).host === SHOP
}

const PARAMETERS = ['successUrl', 'failUrl', 'returnUrl'] as const

/** The addresses that a page leads to by links, forms, refreshes and scripts' hints. */
function leadsTo({ html, headers, url }: Pick<Page, 'html' | 'headers' | 'url'>): URL[] {
  const attributes = [...html.matchAll(/(?:href|action|src|data-onward|formaction)="([^"]*)"|url=([^"]+)"/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  const location = headers.get('location')
  return [...attributes, ...(location === null ? [] : [location])].map(
    (text) => new URL(text.replaceAll('&amp;', '&').replaceAll('&#34;', '"'), url),
  )
}

describe('a link that came with the browser', () => {
  let world: World
  let anna: Buyer
  let invoice: { id: string; partnerUrl: string; paymentUrl: string }

  beforeAll(async () => {
    world = await World.make({ env: { RETURN_URL_HOSTS: `${SHOP}, second.example.ru:8443`, SANDBOX_PORT: '1' } })
    anna = await world.member({ points: '500.00' })
    invoice = await world.sandbox.invoice({ amount: '10.00' })
    await anna.signsIn()
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const allowedOrigins = (): string[] => [world.url, new URL(invoice.paymentUrl).origin]

  /** Arrives with these links; the limit on arrivals is not what is tested here. */
  async function arrives(links: Readonly<Record<string, string>>): Promise<Page> {
    const query = new URLSearchParams({ invoiceId: invoice.id, ...links })
    const page = await anna.browser.open(`/pay?${query.toString()}`)
    if (page.status !== 429) return page
    world.clock.move(61_000)
    return anna.browser.open(`/pay?${query.toString()}`)
  }

  test.each(PARAMETERS)(
    'never leads anywhere but to the listed hosts, written however: %s',
    async (parameter) => {
      expect(payloads.length).toBeGreaterThan(200)
      for (const payload of payloads) {
        const page = await arrives({ [parameter]: payload })
        if (page.status === 400 || page.status === 431) continue
        expect([payload, page.state]).toEqual([payload, 'ready'])
        for (const target of leadsTo(page)) expect([payload, allowedOrigins()]).toEqual([payload, expect.arrayContaining([target.origin])])
        expect(page.headers.get('content-security-policy')).not.toMatch(/evil|\*|javascript|data:/)
      }
      const column = parameter.replace('Url', '_url')
      expect(await world.db('checkouts').whereNotNull(column).select(column)).toEqual([])
    },
    120_000,
  )

  test('is forgotten when declining, and the buyer leaves by the invoice', async () => {
    for (const payload of payloads.filter((_, index) => index % 20 === 0)) {
      const page = await arrives({ successUrl: payload, failUrl: payload, returnUrl: payload })
      if (page.status !== 200) continue
      const decline = formsOf(page.html).find(({ action }) => action.endsWith('/decline'))
      const response = await anna.browser.fetch(decline?.action ?? '', { method: 'POST', body: new URLSearchParams(decline?.fields) })
      expect([payload, response.status, response.headers.get('location')]).toEqual([payload, 303, invoice.paymentUrl])
    }
  })

  test.each([
    ['returnUrl', `https://${SHOP}/cart?order=7`, `https://${SHOP}/cart?order=7`],
    ['failUrl', `https://${SHOP}/`, `https://${SHOP}/`],
    ['returnUrl', `HTTPS://SHOP.example.ru:443/a%20b#c`, `https://${SHOP}/a%20b#c`],
    ['failUrl', 'https://second.example.ru:8443/x', 'https://second.example.ru:8443/x'],
  ])('is followed where the host is listed: %s %s', async (parameter, link, expected) => {
    const page = await arrives({ [parameter]: link })
    const decline = formsOf(page.html).find(({ action }) => action.endsWith('/decline'))
    const response = await anna.browser.fetch(decline?.action ?? '', { method: 'POST', body: new URLSearchParams(decline?.fields) })
    expect([response.status, response.headers.get('location')]).toEqual([303, expected])
  })

  test('is never where a success leads: that is the invoice’s own page', async () => {
    const own = await world.sandbox.invoice({ amount: '10.00' })
    world.clock.move(61_000)
    const query = new URLSearchParams({
      invoiceId: own.id,
      successUrl: `https://${SHOP}/won`,
      failUrl: `https://${SHOP}/lost`,
      returnUrl: `https://${SHOP}/back`,
    })
    const paid = await anna.confirms(await anna.browser.open(`/pay?${query.toString()}`))
    expect(paid.state).toBe('paid')
    expect(leadsTo(paid).map(({ href }) => href)).toContain(own.paymentUrl)
    expect(paid.html).not.toContain(SHOP)
  })

  test('after signing in leads to a path of ours or is dropped, written however', async () => {
    for (const payload of payloads) {
      const answer = await ask(world.url, { path: `/sign-in?next=${encodeURIComponent(payload)}` })
      if (answer.status === 431) continue
      const hidden = formsOf(answer.text)[0]?.fields['next'] ?? ''
      expect([payload, hidden]).toEqual([payload, hidden === '' ? '' : expect.stringMatching(/^\/(?![/\\])[\x21-\x7e]*$/)])
      expect(new URL(hidden, world.url).origin).toBe(world.url)
    }
    for (const payload of payloads.filter((_, index) => index % 40 === 0)) {
      const response = await anna.browser.fetch(`/sign-in?next=${encodeURIComponent(payload)}`)
      expect([payload, new URL(response.headers.get('location') ?? '', world.url).origin]).toEqual([payload, world.url])
    }
  })
})
