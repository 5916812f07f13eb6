import { addMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

describe('the search', () => {
  let world: World
  let operator: StaffPerson
  let viewer: StaffPerson
  beforeAll(async () => {
    world = await World.make()
    ;[operator, viewer] = [await StaffPerson.make(world, 'operator'), await StaffPerson.make(world, 'viewer')]
    await operator.password()
    await viewer.password()
  })
  afterAll(() => world.close())

  const search = (text: string, by = operator) => by.browser.open(`/admin/search?q=${encodeURIComponent(text)}`)
  const pathOf = ({ url }: { url: string }): string => new URL(url).pathname

  test('any name of a payment opens it: id, invoice, number, operation, transaction, reference code, X-Request-Id', async () => {
    const buyer = await world.member({ points: '100.00' })
    await buyer.pays(await world.sandbox.invoice({ amount: '10.00', number: 'FIND-ME-7' }))
    const [payment] = await world.payments()
    if (!payment) throw new Error('there is no payment')
    const [exchange] = await world
      .db('exchanges')
      .where({ payment_id: payment.id })
      .whereNotNull('request_id')
      .select<{ request_id: string }[]>('request_id')
    const names = [
      payment.id,
      payment.invoiceId,
      'FIND-ME-7',
      payment.operationId,
      payment.operationId.toUpperCase(),
      payment.transactionId,
      exchange?.request_id,
    ]
    for (const name of [...names, payment.operationId.slice(0, 8).toUpperCase()])
      expect([name, pathOf(await search(` ${name ?? ''} `))]).toEqual([name, `/admin/payments/${payment.id}`])
  })

  test('a payment is in the state that the list of payments tells, by the same word', async () => {
    const buyer = await world.member({ points: '100.00' })
    for (let paid = 0; paid < 2; paid++) await buyer.pays(await world.sandbox.invoice({ amount: '1.00', number: 'TWICE' }))
    const statesIn = (html: string): string[] =>
      [...html.matchAll(/class="state state-(\w+)">[^]*?<\/svg>\s*([^<]+)</g)].map(([, mark, word]) => `${mark ?? ''} ${word ?? ''}`)
    const found = statesIn((await search('TWICE')).html)
    expect(found).toEqual(['good оплачена', 'good оплачена'])
    expect(statesIn((await operator.browser.open('/admin/payments?invoice=TWICE')).html)).toEqual(found)
  })

  test('any name of a member opens their card, and a list of several shows to each role what it may see', async () => {
    const person = { fullName: 'Ирина Петрова', email: 'irina@example.org', phone: '+7 900 123-45-67' }
    const one = await addMember(world.parts, { login: 'irina@example.org', password: PASSWORD, ...person, actor: COMMAND_LINE })
    for (const name of [one.id, 'IRINA@example.org', '8 (900) 123-45-67'.replace('8', '+7'), 'ирина п'])
      expect([name, pathOf(await search(name))]).toEqual([name, `/admin/members/${one.id}`])
    await addMember(world.parts, { login: 'irina2@example.org', password: PASSWORD, fullName: 'Ирина Павлова', actor: COMMAND_LINE })
    const looks = async (): Promise<number> => (await world.db('audit_log').where({ action: 'person_searched' }).select('id')).length
    const before = await looks()
    expect((await search('ирина п')).html).toContain('irina2@example.org')
    expect(await looks()).toBe(before + 2)
    // Who may not see names and numbers must not learn them letter by letter; whoever knows the whole of one finds its owner, and that is written down.
    for (const start of ['ирина п', '+7 900 1', 'irina']) expect((await search(start, viewer)).html).not.toContain(one.id)
    expect(await looks()).toBe(before + 2)
    const card = await search('Ирина Петрова', viewer)
    expect([pathOf(card), card.html.includes('irina@example.org')]).toEqual([`/admin/members/${one.id}`, false])
    expect(await looks()).toBe(before + 3)
    expect(JSON.stringify(await world.db('audit_log').select('subject', 'reason', 'before', 'after'))).not.toContain('ирина')
  })

  test.each(['', ' ', 'nothing of that name', '%', "' or 1=1 --", 'x'.repeat(200), '\u0001'])(
    'what is not there is told so (case %#)',
    async (text) => {
      const page = await search(text)
      expect([page.status, page.state]).toEqual([200, 'search'])
      expect(page.html).not.toContain('<table')
    },
  )
})
