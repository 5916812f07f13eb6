import { randomUUID } from 'node:crypto'
import type { Browser, Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

/** What was typed is not lost where a form is refused by its fields alone, before the deed is asked. */
describe('forms of the office that are refused by their fields alone', () => {
  let world: World
  let operator: Browser

  beforeAll(async () => {
    world = await World.make()
    const person = await StaffPerson.make(world, 'operator')
    await person.signsIn()
    operator = person.browser
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const text = ({ html }: Page): string => html.replaceAll('\u00a0', ' ')
  const tokenOf = ({ html }: Page): string => /name="_csrf" value="([^"]*)"/.exec(html)?.[1] ?? ''

  test('a form that is refused before anybody looks at its deed keeps what was typed too, and goes on from there', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    const sends = async (form: string, fields: Record<string, string>): Promise<Page> => {
      const _csrf = tokenOf(await operator.open(path))
      return operator.post(`${path}/${form}`, { _csrf, ...fields }, `${world.url}${path}`)
    }
    const long = `Проверка ${'x'.repeat(400)}`
    const lock = await sends('lock', { reasonKind: 'check', reason: long })
    expect([lock.status, lock.state]).toEqual([400, 'error'])
    for (const kept of [`value="${long}"`, '<option value="check" selected>', `action="${path}/lock"`, `href="${path}"`])
      expect([kept, lock.html.includes(kept)]).toEqual([kept, true])
    expect(text(lock)).toContain('Проверьте поле «Причина»')
    expect(text(lock)).toContain('409')
    expect(lock.html).toMatch(/name="reason"[^>]*aria-invalid="true"/)
    const preview = await operator.submit(lock, `${path}/lock`, { reason: 'Проверка документов' })
    expect(preview.state).toBe('confirm')
    const credit = await sends('credit', { points: '5', reasonKind: 'complaint', reason: ' ', confirmed: 'yes', key: randomUUID() })
    expect([credit.status, credit.state, /name="(confirmed|key)"/.test(credit.html)]).toEqual([400, 'error', false])
    expect(credit.html).toContain('value="5"')
    // What was changed is looked at once more: a refused confirmation does not go through at once.
    expect((await operator.submit(credit, `${path}/credit`, { points: '6', reason: 'Не начислили' })).state).toBe('confirm')
    expect(await anna.balance()).toEqual({ available: '10.00', held: '0.00' })
    const odd = await sends('credit', { points: '5', reason: 'x', surprise: 'no' })
    expect([odd.status, odd.html.includes('surprise')]).toEqual([400, false])
    const english = await operator.post(`${path}/lock?lang=en`, { _csrf: tokenOf(lock), reason: long }, `${world.url}${path}`)
    expect(text(english)).toContain('Check the field “Reason”')
    expect((await operator.open(`${path}?lang=ru`)).status).toBe(200)
  })

  test('a form with a secret never comes back with what was typed', async () => {
    const _csrf = tokenOf(await operator.open('/admin/me'))
    const fields = { _csrf, current: 'x'.repeat(2_000), password: 'a-secret-of-mine', reason: 'because' }
    const answer = await operator.post('/admin/me/password', fields, `${world.url}/admin/me`)
    expect([answer.status, /a-secret-of-mine|because|xxxx/.test(answer.html)]).toEqual([400, false])
  })
})
