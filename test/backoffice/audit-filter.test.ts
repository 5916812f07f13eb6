import { COMMAND_LINE } from '../../src/shared/actor'
import { writeAudit } from '../../src/shared/audit'
import { inTransaction } from '../../src/shared/database'
import { kindOf } from '../routes/objects'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

const AUDIT = '/admin/audit'

describe.each(ENGINES)('the audit log on %s, filtered by what was done to', (engine) => {
  let world: World
  let auditor: StaffPerson
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine })
    auditor = await StaffPerson.make(world, 'auditor')
    await auditor.signsIn()
    anna = await world.member({ points: '500.00', login: 'anna-of-the-log' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const text = ({ html }: Page): string => html.replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ')
  const asks = (query: Record<string, string>): Promise<Page> => auditor.browser.open(`${AUDIT}?${new URLSearchParams(query).toString()}`)
  /** What each row of the list was done to, as the log calls it. */
  const subjectsOf = ({ html }: Page): string[] => [
    ...new Set([...html.matchAll(/href="\/admin\/audit\?subject=([^"]+)"/g)].map(([, subject = '']) => decodeURIComponent(subject))),
  ]
  const formOf = ({ html }: Page): (string | undefined)[] => [
    /<select id="kind"[^]*?<option value="(\w+)" selected>/.exec(html)?.[1],
    /<input id="name"[^>]* value="([^"]*)"/.exec(html)?.[1],
  ]
  const makes = (kind: string): Promise<string> => kindOf(kind).make(world, anna)
  const cell = async (table: string, where: Record<string, string>, column: string): Promise<string> =>
    String(((await world.db(table).where(where).pluck(column)) as unknown[])[0])
  const happensTo = (...subjects: string[]): Promise<void> =>
    inTransaction(world.db, (tx) =>
      writeAudit(
        tx,
        subjects.map((subject) => ({ author: COMMAND_LINE, at: world.clock.now(), action: 'payment_checked', subject })),
      ),
    )

  test('each kind of thing is found by what people know of it', async () => {
    const [payment, number, invoice] = [
      await makes('/admin/payments/:id'),
      await makes('/admin/orders/:number'),
      await makes('/admin/autopay/invoices/:id'),
    ]
    const [offer, shop, rule] = [
      await makes('/admin/catalogue/:id'),
      await makes('/admin/shops/:id'),
      await makes('/admin/autopay/rules/:id'),
    ]
    const order = await cell('orders', { number }, 'id')
    const bill = await cell('autopay_invoices', { id: invoice }, 'number')
    const organisation = await cell('autopay_invoices', { id: invoice }, 'organisation_id')
    const vatNumber = await cell('organisations', { id: organisation }, 'vat_number')
    const staff = `staff:${auditor.actor.id}`
    await happensTo(`payment:${payment}`, `order:${order}`, `invoice:${invoice}`, `offer:${offer}`, `shop:${shop}`, `rule:${rule}`, staff)
    for (const [kind, name, subject] of [
      ['member', 'anna-of-the-log', `member:${anna.id}`],
      ['payment', 'TWIN-1', `payment:${payment}`],
      ['payment', payment, `payment:${payment}`],
      ['order', number.toLowerCase(), `order:${order}`],
      ['invoice', bill, `invoice:${invoice}`],
      ['organisation', vatNumber, `organisation:${organisation}`],
      ['offer', 'кофе', `offer:${offer}`],
      ['shop', 'Coffee', `shop:${shop}`],
      ['rule', 'Связь', `rule:${rule}`],
      ['staff', auditor.actor.login, staff],
      ['', 'anna-of-the-log', `member:${anna.id}`],
      ['', `payment:${payment}`, `payment:${payment}`],
    ] as const) {
      const page = await asks({ kind, name })
      expect([kind, name, subjectsOf(page)]).toEqual([kind, name, [subject]])
      expect(formOf(page)).toEqual([kind === '' ? undefined : kind, name])
      // Further addresses name the thing, and not what was typed.
      expect(page.html).toContain(`/admin/audit.csv?subject=${encodeURIComponent(subject)}`)
    }
    expect(text(await asks({ kind: 'order', name: number }))).toContain(`Над чем: Заказ ${number} ×`)
  })

  test('what fits several shows them all, what fits nothing shows nothing, and both can be taken back', async () => {
    const [one, other] = [await makes('/admin/shops/:id'), await makes('/admin/shops/:id')]
    await happensTo(`shop:${one}`, `shop:${other}`)
    const several = await asks({ kind: 'shop', name: 'Кофейня', from: '2020-01-01' })
    expect(subjectsOf(several)).toEqual(expect.arrayContaining([`shop:${one}`, `shop:${other}`]))
    expect(text(several)).toContain('Над чем: Магазин Кофейня ×')
    expect(several.html).toContain('href="/admin/audit?from=2020-01-01"')
    expect((await auditor.browser.open(`/admin/audit.csv?kind=shop&name=${encodeURIComponent('Кофейня')}`)).html).toContain(one)
    for (const name of ['nobody-of-that-name', '%', `x${'y'.repeat(90)}`])
      expect(text(await asks({ kind: 'member', name }))).toContain('Таких записей нет')
  })

  test('a link with the name that the log uses still works, and the form reads it back', async () => {
    const linked = await asks({ subject: `member:${anna.id}` })
    expect([subjectsOf(linked), formOf(linked)]).toEqual([[`member:${anna.id}`], ['member', 'anna-of-the-log']])
    expect(text(linked)).toContain('Над чем: Участник anna-of-the-log ×')
    await happensTo('fund', 'difference:of-a-test')
    const fund = await asks({ kind: 'fund', name: '' })
    expect([subjectsOf(fund), formOf(fund)]).toEqual([['fund'], ['fund', '']])
    expect(formOf(await asks({ subject: 'difference:of-a-test' }))).toEqual([undefined, 'difference:of-a-test'])
  })

  test('a kind alone asks which one; that a member was found by a login is written down', async () => {
    const unnamed = await asks({ kind: 'member', name: '' })
    expect(text(unnamed)).toContain('Впишите, кто или что именно')
    expect(unnamed.html).toMatch(/<input id="name"[^>]*aria-invalid="true"[^>]*autofocus/)
    const searched = async (): Promise<number> =>
      (await world.db('audit_log').where({ action: 'person_searched', subject: `member:${anna.id}`, actor: `staff:${auditor.actor.id}` }))
        .length
    const before = await searched()
    await asks({ kind: 'member', name: 'anna-of-the-log' })
    await asks({ kind: 'member', name: anna.id })
    expect((await searched()) - before).toBe(1)
  })

  test('what was done to an order is told by its number, and leads to its page', async () => {
    const number = await makes('/admin/orders/:number')
    const id = await cell('orders', { number }, 'id')
    await happensTo(`order:${id}`)
    expect(text(await asks({ subject: `order:${id}` }))).toContain(`Заказ ${number}`)
    expect(formOf(await asks({ subject: `order:${id}` }))).toEqual(['order', number])
  })
})
