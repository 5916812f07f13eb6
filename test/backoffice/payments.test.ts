import { addStaff } from '../../src/members'
import { findPayments, walkedPayments } from '../../src/payments/find-payments'
import { filteredPayments } from '../../src/payments/list-payments'
import type { PaymentFilter } from '../../src/payments/list-payments'
import { searchPayments } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { DAY } from '../../src/shared/clock'
import { dayOf } from '../../src/shared/days'
import type { Db } from '../../src/shared/database'
import { makeDatabase } from '../support/databases'
import type { Browser, Page } from '../support/browser'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { paymentOf, refusedRepeat } from '../payments/steps'

const plain = (page: Page): string => page.html.replaceAll('\u00a0', ' ')

describe('the pages about payments', () => {
  let world: World
  let anna: Buyer
  let [first, second]: SandboxInvoice[] = []
  const browsers = new Map<StaffRole, Browser>()

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_POINTS: '150' } })
    anna = await world.member({ points: '5000.00' })
    for (const role of ['operator', 'support', 'viewer', 'approver'] as const) {
      await addStaff(world.parts, { login: `the-${role}`, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: `the-${role}`, password: PASSWORD })
      browsers.set(role, browser)
    }
    first = await world.sandbox.invoice({ amount: '100.00', number: '=1+1' })
    second = await world.sandbox.invoice({ amount: '200.00', number: '417-2' })
    for (const invoice of [first, second]) await anna.pays(invoice)
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole): Browser => browsers.get(role) as Browser
  const list = (query = '', role: StaffRole = 'operator'): Promise<Page> => as(role).open(`/admin/payments${query}`)
  const numbers = (page: Page): string[] =>
    ['=1+1', '417-2'].filter((number) => new RegExp(`data-row>${number.replace('+', '\\+')}<`).test(page.html))

  test('the filters stand in the address and as chips, each of which can be taken away', async () => {
    const today = dayOf(world.clock.now(), 'Europe/Moscow')
    const tomorrow = dayOf(new Date(world.clock.now().getTime() + DAY), 'Europe/Moscow')
    expect(numbers(await list())).toEqual(['=1+1', '417-2'])
    for (const [query, found] of [
      ['?state=captured', 2],
      ['?state=review', 0],
      [`?from=${today}&to=${today}`, 2],
      [`?from=${tomorrow}`, 0],
      ['?least=150', 1],
      ['?most=100%2C00', 1],
      [`?member=${anna.id}`, 2],
      ['?invoice=417-2', 1],
      [`?invoice=${(second as SandboxInvoice).id}`, 1],
      ['?invoice=418', 0],
      [`?member=${anna.login.toUpperCase()}`, 2],
      ['?member=nobody', 0],
      [`?from=${tomorrow}&to=${today}`, 0],
    ] as const)
      expect([query, numbers(await list(query)).length]).toEqual([query, found])
    const page = await list('?state=captured&least=150')
    expect(plain(page)).toContain('Состояние: оплачена')
    expect(page.html).toContain('href="/admin/payments?state=captured"')
    expect(plain(await list('?state=review'))).toContain('Таких оплат нет')
    const odd = await list('?state=lost&least=abc&most=100')
    expect([odd.status, odd.state, numbers(odd).length]).toEqual([400, 'payments', 1])
    for (const said of ['Фильтр «Состояние» не понят: «lost»', 'Фильтр «Сумма от» не понят: «abc»']) expect(plain(odd)).toContain(said)
    expect(odd.html).not.toContain('Баллы не списаны')
    expect((await as('operator').fetch('/admin/payments.csv?least=abc')).status).toBe(400)
    expect(plain(await list('?member=nobody'))).toContain('По «nobody» участник не находится')
    expect(plain(await list(`?from=${tomorrow}&to=${today}`))).toContain('день «с» позже дня «по»')
  })

  test('the list, the card and the file tell who paid by login, and a login in the filter becomes an id before it is kept anywhere', async () => {
    const page = await list(`?member=${anna.login}`)
    expect(page.html).toContain(`<a href="/admin/members/${anna.id}">${anna.login}</a>`)
    expect(plain(page)).toContain(`Участник: ${anna.login}`)
    expect(page.html).toContain(`name="query" value="member=${anna.id}"`)
    expect(page.html).toMatch(new RegExp(`name="member"[^>]*value="${anna.login}"`))
    expect(await world.db('audit_log').where({ action: 'person_searched', subject: `member:${anna.id}` })).not.toEqual([])
    expect((await as('operator').submit(page, '/admin/payment-views', { name: 'x', query: `member=${anna.login}` })).status).toBe(400)
    const { id } = await paymentOf(world, first as SandboxInvoice)
    expect((await as('operator').open(`/admin/payments/${id}`)).html).toContain(`<a href="/admin/members/${anna.id}">${anna.login}</a>`)
    expect(await (await as('operator').fetch(`/admin/payments.csv?member=${anna.login}`)).text()).toContain(`;${anna.id};${anna.login};`)
    expect((await list('?member=nobody')).html).not.toContain('/admin/payment-views"')
  })

  test('one page leads to the next, with the filters kept', async () => {
    const [newest] = await world.payments()
    const page = await list(`?state=captured&before=${newest?.id ?? ''}`)
    expect(numbers(page)).toEqual(['=1+1'])
    expect(page.html).toContain('href="/admin/payments?state=captured"')
  })

  test('the export is exactly what is shown, computes nothing, and is for whoever may take lists away', async () => {
    const file = await as('operator').fetch('/admin/payments.csv?most=150')
    const text = await file.text()
    expect(file.headers.get('content-type')).toMatch(/^text\/csv/)
    const lines = text.trim().split('\r\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^\ufeff?Создана \(МСК\);Счёт;.*;Баллы;Сумма, ₽;Завершена \(МСК\);/)
    expect(lines[1]).toContain(";'=1+1;")
    expect(lines[1]).toContain(';100.00;100.00;')
    expect((await as('support').fetch('/admin/payments.csv')).status).toBe(403)
    expect((await list('', 'support')).html).not.toContain('payments.csv')
  })

  test('a view is kept under a name for whoever has named it, and deleted again', async () => {
    const kept = await as('viewer').submit(await list('?least=150&state=captured', 'viewer'), '/admin/payment-views', {
      name: 'Large <b>ones</b>',
    })
    expect(kept.html).toContain('Large &lt;b&gt;ones&lt;/b&gt;')
    expect(kept.html).toContain('href="/admin/payments?state=captured&amp;least=150"')
    expect((await list()).html).not.toContain('ones')
    const [action = ''] = /\/admin\/payment-views\/[0-9a-f-]{36}\/delete/.exec(kept.html) ?? []
    expect(
      (await as('operator').submit(await list('?state=captured'), '/admin/payment-views', { name: 'x', query: 'evil=1' })).status,
    ).toBe(400)
    expect((await as('viewer').submit(kept, action)).html).not.toContain('ones')
  })

  test('the card tells every step with who, when, how long and what was asked and answered, and offers what its state allows', async () => {
    const { id, operationId } = await paymentOf(world, first as SandboxInvoice)
    const page = await as('operator').open(`/admin/payments/${id}`)
    expect(page.heading).toBe('Оплата счёта =1+1')
    for (const text of [
      'Участник увидел сумму и согласился',
      'Баллы и деньги фонда в резерве',
      'Отправлено подтверждение оплаты',
      'Оплачено: баллы списаны',
      'Покупатель возвращён к счёту',
      'X-Request-Id',
      operationId,
      'title="accepted">Ответ: принято<',
    ])
      expect(plain(page)).toContain(text)
    expect(plain(page)).toMatch(/<time [^>]*>\d\d\.\d\d\.\d\d \d\d:\d\d:\d\d МСК<\/time>/)
    expect((await as('approver').open(`/admin/payments/${id}?lang=en`)).html).toMatch(/<time [^>]*>\d+ \w+ \d+, \d\d:\d\d:\d\d MSK<\/time>/)
    expect(page.html).toContain(`/admin/payments/${id}/reverse`)
    expect(page.html).not.toContain(`/admin/payments/${id}/void`)
    const [support, viewer] = [await as('support').open(`/admin/payments/${id}`), await as('viewer').open(`/admin/payments/${id}`)]
    expect([support.html.includes('/check'), support.html.includes('/reverse'), viewer.html.includes('/check')]).toEqual([
      true,
      false,
      false,
    ])
    expect((await as('operator').open('/admin/payments/00000000-0000-0000-0000-000000000000')).status).toBe(404)
  })

  test('a payment that the shop has cancelled: looked at, then the points go back after before and after were shown', async () => {
    const { id } = await paymentOf(world, first as SandboxInvoice)
    await world.sandbox.cancelByMerchant(first as SandboxInvoice)
    const operator = as('operator')
    const checked = await operator.submit(await operator.open(`/admin/payments/${id}`), `/admin/payments/${id}/check`)
    expect(plain(checked)).toContain('счёт у Инвойсбокса отменён')
    expect(plain(checked)).toContain('title="found canceled">Ответ: счёт найден, отменён<')
    const preview = await operator.submit(checked, `/admin/payments/${id}/reverse`, { reasonKind: 'check', reason: 'The shop has closed' })
    expect(preview.state).toBe('confirm')
    expect(plain(preview)).toMatch(/оплачена[\s\S]*возвращена/)
    expect(plain(preview)).toMatch(/4 700 баллов[\s\S]*4 800 баллов/)
    const done = await operator.submit(preview, `/admin/payments/${id}/reverse`)
    expect(plain(done)).toContain('Готово.')
    expect(plain(done)).toContain('Делать ничего не нужно.')
    expect(await anna.balance()).toEqual({ available: '4800.00', held: '0.00' })
  })

  test('a review stands in its queue with the reason, and giving it back needs somebody else when the invoice reads paid', async () => {
    const invoice = await refusedRepeat(world, anna)
    const { id } = await paymentOf(world, invoice)
    expect(plain(await list('?state=review'))).toContain('кем, не доказано')
    const operator = as('operator')
    const action = `/admin/payments/${id}/void`
    const preview = await operator.submit(await operator.open(`/admin/payments/${id}`), action, {
      reasonKind: 'check',
      reason: 'Support says so',
    })
    expect(plain(await operator.submit(preview, action))).toContain('Запрос отправлен')
    expect((await paymentOf(world, invoice)).state).toBe('review')
    // What waits is told by the number of its invoice and by its amount, which stand in no field of the request itself.
    const waiting = plain(await as('approver').open('/admin/approvals?lang=ru'))
    expect(waiting).toContain(`>Счёт № ${(await paymentOf(world, invoice)).invoiceNumber}</a>`)
    expect(waiting).toMatch(/data-label="Сумма" class="right"><span>[\d ,]+ балл/)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const page = await operator.submit(await operator.open(`/admin/payments/${id}`), `/admin/payments/${id}/check`)
    expect(plain(page)).toContain('Проверено: оплата прошла.')
  })

  test('a range of amounts is searched in parts, whether an index leads to few of them or the newest are looked at', async () => {
    const all = await world.payments()
    for (const reach of [
      { few: 0, slice: 1 },
      { few: 100, slice: 1 },
      { few: 0, slice: 100 },
    ]) {
      expect(await followed(world.db, { least: 1n, organisations: [] }, 1, reach)).toEqual(all.map(({ id }) => id))
      expect(await followed(world.db, { least: 15_000n, state: 'captured' }, 50, reach)).toHaveLength(1)
      expect(await followed(world.db, { most: 1n }, 50, reach)).toEqual([])
    }
    expect(await findPayments(world.db, { least: 15_000n }, { limit: 1 }, { few: 0, slice: 1 })).toMatchObject({
      payments: [],
      goOn: { before: all[0]?.id, searchedBackTo: expect.any(Date) as Date },
    })
  })

  test('a payment is found by each of its names', async () => {
    const { id, invoiceId, operationId, transactionId } = await paymentOf(world, second as SandboxInvoice)
    const [call] = (await world.db('exchanges').where({ payment_id: id }).whereNotNull('request_id')) as { request_id: string }[]
    for (const name of [id, invoiceId, operationId.toUpperCase(), transactionId ?? '', '417-2', ` ${call?.request_id ?? ''} `])
      expect([name, (await searchPayments(world.db, name, 5)).map((hit) => hit.id)]).toEqual([name, [id]])
    for (const name of ['', ' ', 'nothing', 'x'.repeat(500), 'a\u0000b']) expect(await searchPayments(world.db, name, 5)).toEqual([])
  })
})

test('on PostgreSQL no filter of the list reads the whole table', async () => {
  const database = await makeDatabase('postgres')
  const db = database.open()
  await fillWithPayments(db, 30_000)
  const [{ id, member_id, invoice_number, invoice_id, created_at }] = (await db('payments').orderBy('id').limit(1).offset(15_000)) as [
    Record<string, string> & { created_at: Date },
  ]
  const filters: Record<string, PaymentFilter> = {
    none: {},
    captured: { state: 'captured' },
    review: { state: 'review' },
    confirming: { state: 'confirming' },
    reversed: { state: 'reversed' },
    time: { from: created_at, until: new Date(created_at.getTime() + 60_000) },
    'large amounts': { least: 2_990_000n },
    'any amount': { least: 1n },
    'amounts of one state': { state: 'voided', least: 50_000n, most: 900_000n },
    'few amounts of one state': { state: 'voided', least: 50_000n, most: 60_000n },
    member: { memberId: member_id },
    number: { invoice: invoice_number },
    'invoice id': { invoice: invoice_id },
    'everything at once': { state: 'captured', memberId: member_id, least: 1n, from: new Date(0) },
  }
  for (const [name, filter] of Object.entries(filters))
    for (const before of [undefined, id]) {
      const { sql, bindings } = filteredPayments(db, filter, { before, limit: 51 }).toSQL().toNative()
      const plan = await db.raw<{ rows: Record<string, string>[] }>(`explain ${sql.replace(/\$\d+/g, '?')}`, [...bindings] as never)
      const text = plan.rows.map((row) => row['QUERY PLAN']).join('\n')
      expect([name, /Seq Scan/.test(text) ? text : 'by an index']).toEqual([name, 'by an index'])
    }
  // The smallest amounts are the oldest payments: the newest are looked at first, and then what the range's own index leads to.
  for (const [filter, reach] of [
    [{ most: 1_200_000n }, { few: 20_000, slice: 1_000 }],
    [
      { least: 100_000n, most: 1_200_000n, state: 'captured', from: new Date(created_at.getTime() - 7 * DAY) },
      { few: 100, slice: 7_000 },
    ],
  ] as const) {
    const query = filteredPayments(db, filter, { limit: 30_000 })
    expect(await followed(db, filter, 500, reach)).toEqual(await query.clone().clearSelect().pluck('id'))
    const { sql, bindings } = walkedPayments(db, filter, { limit: 51 }, reach.slice).toSQL().toNative()
    const plan = await db.raw<{ rows: Record<string, string>[] }>(`explain analyze ${sql.replace(/\$\d+/g, '?')}`, [...bindings] as never)
    const read = plan.rows.flatMap((row) => /actual time.* rows=(\d+)/.exec(row['QUERY PLAN'] ?? '')?.[1] ?? [])
    expect(Math.max(...read.map(Number))).toBeLessThanOrEqual(reach.slice)
  }
  await database.drop()
}, 60_000)

/** The ids of all pages, one after the other. */
async function followed(db: Db, filter: PaymentFilter, limit: number, reach: { few: number; slice: number }): Promise<string[]> {
  const ids: string[] = []
  for (let before: string | undefined; ;) {
    const { payments, goOn } = await findPayments(db, filter, { before, limit }, reach)
    ids.push(...payments.map(({ id }) => id))
    before = goOn?.before ?? payments.at(-1)?.id
    if (!goOn && payments.length < limit) return ids
  }
}

/** As the years would: nearly all captured, a few of each other state. The holds behind them are another table's business. */
async function fillWithPayments(db: Db, count: number): Promise<void> {
  for (const constraint of ['payments_checkout_id_fkey', 'payments_points_hold_id_fkey', 'payments_fund_hold_id_fkey'])
    await db.raw(`alter table payments drop constraint if exists ${constraint}`)
  await db.raw('alter table payments disable trigger user')
  await db.raw(`insert into payments (id, checkout_id, consent_id, consented_at, invoice_id, invoice_number, member_id, operation_id, state, points, amount, currency, points_hold_id, fund_hold_id,
      attempts, lease_token, next_attempt_at, transaction_id, rejection_code, created_at)
    select substr(time, 1, 8) || '-' || substr(time, 9, 4) || '-7000-8000-' || lpad(n::text, 12, '0'), n, 'c' || n, at, 'i' || n, 'N-' || n, 'm' || n % 500, 'o' || n,
      case when n % 5000 = 1 then 'review' when n % 5000 = 2 then 'confirming' when n % 500 = 3 then 'reversed' when n % 100 = 4 then 'voided' else 'captured' end,
      n * 100, n * 100, 'RUB', 'h' || n, 'f' || n, 1, 1, at, 't' || n, 'x', at
    from (select n, at, lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') as time
          from (select n, timestamptz '2026-01-01' + n * interval '10 seconds' as at from generate_series(1, ${count}) n) moments) made`)
  await db.raw('analyze payments')
}
