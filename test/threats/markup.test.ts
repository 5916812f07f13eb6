import { lockMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import type { Page } from '../support/browser'

const MARK = 'x1337'
const MARKUP: readonly string[] = [
  `<script>${MARK}()</script>`,
  `"><img src=x onerror=${MARK}()>`,
  `' onmouseover='${MARK}()`,
  `" autofocus onfocus="${MARK}()`,
  `</title></style></textarea><svg/onload=${MARK}()>`,
  `--><script>${MARK}()</script><!--`,
  `&lt;script&gt;${MARK}()&lt;/script&gt;`,
  `&#34;&gt;&lt;b ${MARK}`,
  `<%= ${MARK} %><%- ${MARK} %>`,
  `{{${MARK}}}\${${MARK}}#{${MARK}}`,
  `$t(pay.ready.heading) {{t}} ${MARK}`,
  `\u202e<b>${MARK}\u2066`,
  `+ADw-script+AD4-${MARK}`,
]
const LINK_MARK = 'y7331'
const LINKS: readonly string[] = [
  `javascript:${LINK_MARK}()`,
  `JAVASCRIPT:${LINK_MARK}()`,
  ` javascript:${LINK_MARK}()`,
  `java\tscript:${LINK_MARK}()`,
  `data:text/html,<script>${LINK_MARK}()</script>`,
  `vbscript:${LINK_MARK}()`,
  `//evil.example/${LINK_MARK}`,
  `/\\evil.example/${LINK_MARK}`,
  `https://user:password@evil.example/${LINK_MARK}`,
  `https://evil.example\\@invoicebox.ru/${LINK_MARK}`,
  `blob:https://evil.example/${LINK_MARK}`,
  `ftp://evil.example/${LINK_MARK}`,
  LINK_MARK,
  '',
]

/** Whether the mark got out of the text and out of the quotes, into a tag. */
function assertInert(page: Pick<Page, 'html'>): void {
  const withoutValues = page.html.replace(/="[^"<>]*"/g, '=""')
  expect(withoutValues).not.toMatch(new RegExp(`<[^>]*${MARK}`))
  expect(page.html).not.toMatch(/<script(?! src="\/assets\/)|<%/)
  for (const [, target = ''] of page.html.matchAll(/(?:href|action|src|data-onward)="([^"]*)"/g))
    expect(target).not.toMatch(/^\s*(java|vb)script:|^data:|^\/\/|evil/i)
}

describe('what strangers write', () => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ env: { PROGRAM_NAME: MARKUP[0] ?? '' } })
    anna = await world.member({ points: '100000.00' })
    await anna.signsIn()
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test.each(MARKUP)('stays text on every page that shows it: %s', async (markup) => {
    world.clock.move(61_000)
    const number = markup.slice(0, 50)
    const invoice = await world.sandbox.invoice({ amount: '1.00', number, description: `${markup} and more` })
    const stranger = await world.browser().open(invoice.partnerUrl)
    expect(stranger.state).toBe('sign-in')
    const ready = await anna.opens(invoice)
    expect([ready.state, ready.html.includes(MARK)]).toEqual(['ready', true])
    const paid = await anna.confirms(ready)
    expect(paid.state).toBe('paid')
    const pages = [
      stranger,
      ready,
      paid,
      await anna.browser.open(`${paid.url}/receipt`),
      await anna.browser.open('/account'),
      await anna.browser.open(`${paid.url}?lang=en`),
    ]
    for (const page of pages) assertInert(page)
  })

  test.each(MARKUP)('stays text in the forms that repeat it: %s', async (markup) => {
    const browser = world.browser()
    const form = await browser.open(
      `/sign-in?next=${encodeURIComponent(markup)}&lang=${encodeURIComponent(markup)}&${encodeURIComponent(markup)}=1`,
    )
    const refused = await browser.submit(form, '/sign-in', { login: markup, password: markup })
    expect(refused.status).toBe(401)
    for (const page of [form, refused, await browser.open(`/no-such-page/${encodeURIComponent(markup)}?${encodeURIComponent(markup)}`)])
      assertInert(page)
    await world.db('sign_in_attempts').delete()
  })

  test.each(MARKUP)('stays text in the reason of a lock: %s', async (markup) => {
    const boris = await world.member({ points: '1.00' })
    const reason = markup.replaceAll(/\p{Cf}/gu, '')
    await lockMember(world.parts, { login: boris.login, reason, actor: COMMAND_LINE })
    const account = await boris.signsIn()
    expect(account.html).toContain(MARK)
    assertInert(account)
  })

  test.each(LINKS)('never becomes a link: an invoice whose paymentUrl is %j is not served', async (paymentUrl) => {
    world.clock.move(61_000)
    const invoice = await world.sandbox.invoice({ amount: '1.00' })
    const data = {
      id: invoice.id,
      number: '1',
      description: '',
      amount: 1,
      currencyId: 'RUB',
      status: 'pending',
      createdAt: '2026-01-01T00:00:00+00:00',
      expirationDate: '2099-01-01T00:00:00+00:00',
      paymentUrl,
    }
    await world.sandbox.misbehave({ on: 'business.get', kind: 'status', status: 200, body: JSON.stringify({ data }) })
    const page = await anna.browser.open(invoice.partnerUrl)
    expect(page.state).toBe('unsupported')
    assertInert(page)
    expect(page.html).not.toContain(LINK_MARK)
  })
})
