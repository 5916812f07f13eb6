import { randomUUID } from 'node:crypto'
import { addStaff } from '../../src/members'
import { checkPayment, resolveReview } from '../../src/payments'
import type { Payment } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author, StaffActor } from '../../src/shared/actor'
import { bill, company, rule, runs } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import { paymentOf, resolve, settled, strikes } from '../payments/steps'
import type { Browser, Page } from '../support/browser'
import type { SandboxInvoice } from '../support/sandbox-control'
import { openAlerts } from '../../src/shared/alerts'
import { inTransaction } from '../../src/shared/database'
import { acceptPaidOtherwise, compareStatement, listDifferences, reconcile } from '../../src/reconciliation'
import { PASSWORD, World } from '../support/world'

const plain = (page: Page): string => page.html.replaceAll('\u00a0', ' ')

describe('payments of organisations on the pages about payments', () => {
  let world: World
  let acme: Company
  let invoice: SandboxInvoice
  let payment: Awaited<ReturnType<typeof paymentOf>>
  let [olga, adam, boss]: { actor: StaffActor; browser: Browser }[] = []

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo' } })
    acme = await company(world)
    await rule(world, acme)
    invoice = await bill(world, acme, { amount: '70.00', number: '900-17' })
    await runs(world, { organisationId: acme.id })
    payment = await paymentOf(world, invoice)
    const anna = await world.member({ points: '50.00' })
    await anna.pays(await world.sandbox.invoice({ amount: '20.00', number: '900-18' }))
    const hired = []
    for (const role of ['operator', 'approver', 'auditor'] as const) {
      const login = `the-${role}`
      const actor = await addStaff(world.parts, { login, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      await browser.submit(await browser.open('/sign-in'), '/sign-in', { login, password: PASSWORD })
      hired.push({ actor, browser })
    }
    ;[olga, adam, boss] = hired
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const path = () => `/admin/payments/${payment.id}`
  const assign = (who: { actor: StaffActor } | undefined) =>
    world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: who?.actor.id ?? '' })
  const open = (who: { browser: Browser } | undefined, address: string): Promise<Page> =>
    (who as { browser: Browser }).browser.open(address)
  const token = async (who: { browser: Browser } | undefined): Promise<string> =>
    /name="_csrf" value="([^"]+)"/.exec((await open(who, '/admin/me')).html)?.[1] ?? ''

  test('do not exist for staff who are not assigned to the organisation: not in lists, files, search, nor by address', async () => {
    const list = await open(olga, '/admin/payments')
    expect([list.html.includes('900-17'), list.html.includes('900-18')]).toEqual([false, true])
    expect((await open(olga, '/admin/payments?invoice=900-17')).html).not.toContain(payment.id)
    const file = await (await (olga as { browser: Browser }).browser.fetch('/admin/payments.csv')).text()
    expect([file.includes('900-17'), file.includes('900-18')]).toEqual([false, true])
    for (const name of ['900-17', payment.id, payment.operationId, invoice.id])
      expect((await open(olga, `/admin/search?q=${name}`)).html).not.toContain(`/admin/payments/${payment.id}`)
    expect((await open(olga, path())).status).toBe(404)
    const _csrf = await token(olga)
    for (const action of ['check', 'void', 'reverse', 'capture']) {
      const fields = { _csrf, ...(action !== 'check' && { reason: 'test' }), ...(action === 'capture' && { transactionId: 'x' }) }
      const answer = await (olga as { browser: Browser }).browser.post(`${path()}/${action}`, fields, world.url)
      expect([action, answer.status]).toEqual([action, 404])
    }
  })

  test('nor in what the fund shows, which still adds up, nor in what a statement of it brings to light', async () => {
    const number = (text: string): number => text.split('−70,00').length - 1
    for (const address of ['/admin/fund', '/admin/fund/movements', '/admin/fund/movements.csv']) {
      const [few, all] = [
        await (await (olga as { browser: Browser }).browser.fetch(address)).text(),
        await (await (boss as { browser: Browser }).browser.fetch(address)).text(),
      ]
      expect([address, few.includes(payment.id), all.includes(payment.id)]).toEqual([address, false, true])
      expect([address, number(few), few.includes('-70.00')]).toEqual([address, number(all), all.includes('-70.00')])
    }
    const hour = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString()
    const compared = (author: Author, name: string, lines: readonly string[]) =>
      compareStatement({ ...world.parts, timeZone: 'UTC' }, { name, text: ['date;operation;invoice;amount', ...lines].join('\n'), author })
    const [missing, foreign] = [[`${hour(-1)};balance;;0.00`, `${hour(1)};balance;;0.00`], [`${hour(0)};${payment.operationId};;-1.00`]]
    for (const [name, lines] of Object.entries({ missing, foreign })) {
      const [few, all] = [
        await compared(olga?.actor as Author, `${name}.csv`, lines),
        await compared(COMMAND_LINE, `${name}.csv`, lines),
      ].map(({ differences }) => JSON.stringify(differences))
      expect([name, few?.includes(payment.id), few?.includes('70.00'), all?.includes(payment.id)]).toEqual([name, false, false, true])
      expect([name, few?.includes('900-18')]).toEqual([name, name === 'missing'])
    }
    const runs = [
      { state: 'done', ended_at: hour(-2), problem: null },
      { state: 'running', ended_at: null, problem: null },
    ].map((run, index) => ({
      ...{ ...run, id: randomUUID(), key: `test ${index}`, started_by: 'system:test', resolves: 0, since: null, token: 1 },
      ...{ pages: 1, checked: 734_501, differences: 98_207, started_at: hour(-3), seen_alive_at: hour(0) },
    }))
    await world.db('reconciliation_runs').insert(runs)
    const [restricted, unrestricted] = [await open(olga, '/admin/reconciliation'), await open(boss, '/admin/reconciliation')]
    for (const total of ['734501', '98207'])
      expect([total, restricted.html.split(total).length - 1, unrestricted.html.split(total).length - 1]).toEqual([total, 0, 3])
    await world
      .db('reconciliation_runs')
      .whereIn(
        'id',
        runs.map(({ id }) => id),
      )
      .delete()
    await world
      .db('reconciliation_differences')
      .where({ source: 'statement' })
      .update({ resolved_at: hour(0), resolved_by: 'system:test', resolution: 'gone' })
  })

  test('nor in how many reviews their home page counts', async () => {
    const doubtful = await bill(world, acme, { amount: '30.00', number: '900-19' })
    await strikes(world, doubtful, { kind: 'lose-request' })
    await runs(world, { organisationId: acme.id })
    await world.sandbox.change(doubtful, { amount: '31.00' })
    const { id, state } = await settled(world, doubtful)
    expect(state).toBe('review')
    const counted = async (who: { browser: Browser } | undefined) =>
      /href="\/admin\/payments\?state=review"[^>]*>([^<]*)</.exec((await open(who, '/admin')).html)?.[1]
    expect([await counted(olga), await counted(boss)]).toEqual(['Оплаты на разборе:\u00a00', 'Оплаты на разборе:\u00a01'])
    await resolve(world, { id }, { kind: 'void' })
    expect(await counted(boss)).toBe('Оплаты на разборе:\u00a00')
  })

  test('and neither does the command line act on them for such a person, nor an approver decide', async () => {
    const by = { author: olga?.actor as StaffActor, reason: 'test', key: randomUUID() }
    const unknown = { code: 'not_found' }
    const { approvals, deeds } = world.parts
    await expect(checkPayment(world.parts, { paymentId: payment.id, author: by.author })).rejects.toMatchObject(unknown)
    const resolution = { kind: 'ask-again' } as const
    await expect(resolveReview(world.parts, { paymentId: payment.id, resolution, ...by })).rejects.toMatchObject(unknown)
    const payload = { paymentId: payment.id }
    for (const deed of [deeds.payments.void, deeds.payments.reverse])
      await expect(approvals.submit<{ paymentId: string }, Payment>(deed, { payload, ...by })).rejects.toMatchObject(unknown)
    const capture = approvals.submit(deeds.payments.capture, { payload: { ...payload, transactionId: 'x' }, ...by })
    await expect(capture).rejects.toMatchObject(unknown)
    const submitted = await approvals.submit(deeds.payments.reverse, { payload, ...by, author: COMMAND_LINE })
    if (submitted.state !== 'waiting') throw new Error('The reversal of a paid invoice waits for a second person.')
    await expect(approvals.approve(submitted.request.id, adam?.actor as StaffActor)).rejects.toMatchObject(unknown)
    expect((await open(adam, '/admin/approvals')).html).not.toContain(submitted.request.id)
  })

  test('are there for those who are assigned and for those who see all, and speak of the fund and of nobody’s points', async () => {
    await assign(olga)
    for (const who of [olga, boss]) {
      expect((await open(who, '/admin/payments')).html).toContain('900-17')
      expect((await open(who, path())).status).toBe(200)
      expect((await open(who, '/admin/search?q=900-17')).html).toContain('900-17')
    }
    const card = plain(await open(olga, path()))
    expect(card).toContain('Решено платить по правилу')
    expect(card).toContain('Оплачено из фонда')
    expect(card).toContain('Вернуть деньги в фонд')
    const step = await (olga as { browser: Browser }).browser.submit(await open(olga, path()), `${path()}/reverse`, {
      reasonKind: 'agreement',
      reason: 'test',
    })
    expect(plain(step)).toContain('Вернуть в фонд 70,00 ₽ по счёту 900-17')
    const english = plain(await open(olga, `${path()}?lang=en`))
    for (const [page, words] of [
      [card, /участник увидел|участнику|балл/i],
      [plain(step), /участнику|балл/i],
      [english, /the member saw|to the member|points/i],
    ] as const)
      expect(new RegExp(`.{0,60}(${words.source}).{0,60}`, 'i').exec(/<main[\s\S]*<\/main>/.exec(page)?.[0] ?? '')?.[0]).toBeUndefined()
  })

  test('what a comparison finds about them, and what is alerted, is known to the same people alone', async () => {
    const login = 'the-stranger'
    const stranger = {
      actor: await addStaff(world.parts, { login, password: PASSWORD, role: 'operator', actor: COMMAND_LINE }),
      browser: world.browser(),
    }
    await stranger.browser.submit(await stranger.browser.open('/sign-in'), '/sign-in', { login, password: PASSWORD })
    const [open2, mine] = [
      await bill(world, acme, { amount: '71.00', number: '900-19' }),
      await world.sandbox.invoice({ amount: '72.00', number: '900-20' }),
    ]
    await world.db('organisations').where({ id: acme.id }).update({ switch: 'off' })
    await runs(world, { organisationId: acme.id })
    for (const one of [open2, mine]) await world.sandbox.change(one, { status: 'paid' })
    await world.sandbox.cancelByMerchant(invoice)
    const byAll = await reconcile(world.parts, { author: COMMAND_LINE, resolves: false })
    expect(byAll.differences.map(({ invoiceId }) => invoiceId)).toEqual(expect.arrayContaining([invoice.id, open2.id, mine.id]))
    const about = async (who: { browser: Browser } | undefined, address: string): Promise<boolean[]> => {
      const text = await (await (who as { browser: Browser }).browser.fetch(address)).text()
      return ['900-17', '900-19', '900-20'].map((number) => text.includes(number))
    }
    const at = world.clock.now()
    const alert = { kind: 'paid_then_cancelled', subject: payment.id, detail: 'about 900-17', at } as const
    await inTransaction(world.db, (tx) => openAlerts(tx, [alert]))
    for (const address of ['/admin/reconciliation', '/admin/reconciliation.csv']) {
      expect([address, await about(stranger, address)]).toEqual([address, [false, false, true]])
      expect([address, await about(olga, address)]).toEqual([address, [true, true, true]])
    }
    const home = async (who: { browser: Browser } | undefined): Promise<[boolean, string | undefined]> => {
      const page = plain(await open(who, '/admin'))
      return [page.includes('about 900-17'), /\/admin\/reconciliation">[^<]*?(\d+)/.exec(page)?.[1]]
    }
    const [[told, few], [toldOlga, all]] = [await home(stranger), await home(olga)]
    expect([told, toldOlga, Number(all) - Number(few)]).toEqual([false, true, 2])
    const list = await listDifferences(world.db, {}, { limit: 100 })
    const _csrf = await token(stranger)
    for (const one of [invoice, open2]) {
      const { id } = list.find(({ invoiceId }) => invoiceId === one.id) ?? { id: '' }
      for (const [action, fields] of [
        ['give-back', { reason: 'test' }],
        ['accept', { remark: 'test' }],
        ['remark', { remark: 'test' }],
      ] as const) {
        const answer = await stranger.browser.post(`/admin/reconciliation/${id}/${action}`, { _csrf, ...fields }, world.url)
        expect([action, answer.status]).toEqual([action, 404])
      }
    }
    const [opened] = (await world.alerts()).filter(({ subject }) => subject === payment.id)
    const closing = await stranger.browser.post(`/admin/alerts/${opened?.id ?? ''}/close`, { _csrf, reason: 'test' }, world.url)
    expect(closing.status).toBe(404)
    await acceptPaidOtherwise(world.parts, { upTo: list[0]?.id ?? '', remark: 'by card', author: stranger.actor })
    const left = (await listDifferences(world.db, { kind: 'paid_there_unknown_here' }, { limit: 100 })).map(({ invoiceId }) => invoiceId)
    expect([left.includes(open2.id), left.includes(mine.id)]).toEqual([true, false])
    const theirs = await reconcile(world.parts, { author: stranger.actor, resolves: false })
    expect(theirs.differences.filter(({ invoiceId }) => [invoice.id, open2.id].includes(invoiceId))).toEqual([])
  })
})
