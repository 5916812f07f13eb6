import { createHmac, randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listNotices, retryNotice } from '../../src/notices'
import type { Notice } from '../../src/notices'
import { addMember, creditMember } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { openAlerts } from '../../src/shared/alerts'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { newSortedId } from '../../src/shared/ids'
import { parseMoney } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import { MailServer, readLetter } from '../support/mail-server'
import { Buyer, PASSWORD, World } from '../support/world'

const STAFF = 'duty@operator.example'

interface Call {
  readonly body: string
  readonly signature: string | undefined
}

describe.each(ENGINES)('letters and webhook calls on %s', (engine) => {
  let world: World
  let mail: MailServer
  let buyer: Buyer
  const calls: Call[] = []
  let hookStatus = 204
  const hook = createServer((req, res) => {
    let body = ''
    req.setEncoding('utf8').on('data', (chunk: string) => (body += chunk))
    req.on('end', () => {
      calls.push({ body, signature: req.headers['x-signature'] as string | undefined })
      res.writeHead(hookStatus, { location: '/elsewhere' }).end('x'.repeat(100_000))
    })
  })

  beforeAll(async () => {
    mail = await MailServer.start()
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve))
    world = await World.make({
      engine,
      env: {
        MAIL_URL: mail.url,
        MAIL_FROM: 'points@programme.example',
        PROGRAM_NAME: 'Мили & Ко',
        ALERT_EMAILS: STAFF,
        ALERT_WEBHOOK_URL: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/hook`,
        ALERT_WEBHOOK_SECRET: 'a secret of the webhook',
      },
    })
    const login = 'anna'
    const { id } = await addMember(world.parts, { login, password: PASSWORD, email: 'anna@example.org', actor: COMMAND_LINE })
    await creditMember(world.parts, { login, amount: parseMoney('50000', 'PTS'), reason: 'test', key: 'test', actor: COMMAND_LINE })
    buyer = new Buyer(world, id, login)
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
    await mail.close()
    await new Promise((resolve) => hook.close(resolve))
  })
  beforeEach(async () => {
    await drain()
    mail.letters.length = 0
    mail.refusals.clear()
    mail.silent = false
    calls.length = 0
    hookStatus = 204
  })

  const { stringify } = JSON
  const work = async (): Promise<void> => {
    const { notices } = world.parts
    for (;;) if ((await notices.queue()) + (await notices.sendMail()) + (await notices.callWebhook()) === 0) return
  }
  /** Nothing of an earlier test is left to be sent. */
  const drain = async (): Promise<void> => {
    await world.parts.notices.queue()
    await world.db('notices').where({ state: 'queued' }).update({ state: 'dropped' })
  }
  const of = async (source: string): Promise<Notice[]> =>
    (await listNotices(world.db, { limit: 100 })).filter((notice) => notice.source === source)
  /** The buyer, who now has this address and reads this language. */
  const member = async (email: string | null, language: 'ru' | 'en' = 'ru'): Promise<Buyer> => {
    await world.db('member_people').where({ member_id: buyer.id }).update({ email })
    await world.db('members').where({ id: buyer.id }).update({ language })
    return buyer
  }
  const paidBy = async (payer: Buyer, number: string): Promise<string> => {
    expect((await payer.pays(await world.sandbox.invoice({ amount: '196.58', number }))).state).toBe('paid')
    return (await world.payments())[0]?.id ?? ''
  }
  const alarm = (detail: string) =>
    inTransaction(world.db, (tx) =>
      openAlerts(tx, [{ kind: 'fund_below', subject: `fund:${randomUUID()}`, detail, at: world.clock.now() }]),
    )

  /** What is the same on either engine is told once. */
  const once = (name: string, story: () => Promise<void>): void => {
    if (engine === 'sqlite') test(name, story)
  }

  test('a payment is followed by one receipt, in the member’s language', async () => {
    const payment = await paidBy(await member('anna@example.org'), 'A<1>')
    await work()
    await work()
    expect(mail.letters.map(({ from, to }) => [from, to])).toEqual([['points@programme.example', ['anna@example.org']]])
    const [notice] = await of(payment)
    const letter = readLetter(mail.letters[0] ?? { source: '' })
    expect(letter.subject).toBe('Счёт № A<1> оплачен баллами')
    expect(letter.body).toContain('Списано: 196,58\u00a0балла')
    expect(letter.body).toContain('<td>A&#60;1&#62;</td>')
    expect(letter.body).toContain(`${world.url}/pay/`)
    expect(letter.headers).toContain(`Message-ID: <${String(notice?.id)}@programme.example>`)
    expect(notice).toMatchObject({ channel: 'mail', topic: 'receipt', state: 'sent', attempts: 1, lastError: null })
    await paidBy(await member('bob@example.org', 'en'), 'B-1')
    await work()
    expect(readLetter(mail.letters[1] ?? { source: '' }).subject).toBe('Invoice B-1 was paid with points')
  })

  once('points that come back are told too, once', async () => {
    const payment = await paidBy(await member('vera@example.org'), 'V-1')
    await work()
    const row = {
      id: newSortedId(),
      payment_id: payment,
      topic: 'payment.reversed',
      body: '{}',
      created_at: world.clock.now().toISOString(),
    }
    await world.db('outbox').insert(row)
    await work()
    const letter = readLetter(mail.letters[1] ?? { source: '' })
    expect(letter.subject).toBe('Баллы за счёт № V-1 вернулись')
    expect(letter.body).toContain('на ваш счёт в программе вернулось 196,58\u00a0балла')
    // The rule of the books that every promised event has its step would be right to find this one.
    await world.db('outbox').where({ id: row.id }).delete()
  })

  once('a member without an address, or whose address was erased meanwhile, gets none, quietly', async () => {
    const without = await paidBy(await member(null), 'N-1')
    await world.parts.notices.queue()
    const erased = await paidBy(await member('gone@example.org'), 'N-2')
    await world.parts.notices.queue()
    await member(null)
    await world.parts.notices.sendMail()
    const odd = await paidBy(await member('a@b.example, c@d.example'), 'N-3')
    await work()
    expect(mail.letters).toEqual([])
    for (const source of [without, erased, odd]) expect(await of(source)).toMatchObject([{ state: 'dropped' }])
    expect(await world.alerts()).toEqual([])
  })

  once('the queue holds no address', async () => {
    await paidBy(await member('secret-address@example.org'), 'Q-1')
    await alarm('test')
    await world.parts.notices.queue()
    expect(stringify(await world.db('notices'), (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toMatch(
      /@/,
    )
  })

  test('an event that becomes visible late is told all the same', async () => {
    const payment = await paidBy(await member('late@example.org'), 'L-1')
    const [row] = (await world.db('outbox').where({ payment_id: payment })) as { id: string }[]
    await world.db('outbox').where({ payment_id: payment }).delete()
    await paidBy(await member('early@example.org'), 'L-2')
    await work()
    expect(mail.letters.map(({ to }) => to[0])).toEqual(['early@example.org'])
    await world.db('outbox').insert(row)
    await member('late@example.org')
    await work()
    expect(mail.letters).toHaveLength(1)
    world.clock.move(11 * MINUTE)
    await work()
    expect(mail.letters.map(({ to }) => to[0])).toEqual(['early@example.org', 'late@example.org'])
  })

  test('while the mail server does not answer, payments go on, and the letter follows', async () => {
    mail.refusals.set('patient@example.org', '451 later, patient@example.org')
    const payment = await paidBy(await member('patient@example.org'), 'P-1')
    await work()
    const queued = await of(payment)
    expect(queued).toMatchObject([{ state: 'queued', attempts: 1, lastError: 'EENVELOPE 451' }])
    mail.refusals.clear()
    await work()
    expect(mail.letters).toEqual([])
    world.clock.move(30 * SECOND)
    await work()
    expect(await of(payment)).toMatchObject([{ state: 'sent', attempts: 2, id: queued[0]?.id }])
  })

  once('an address that is refused for good is not tried again and does not alarm anybody', async () => {
    mail.refusals.set('wrong@example.org', '550 no such user wrong@example.org')
    const payment = await paidBy(await member('wrong@example.org'), 'W-1')
    await work()
    expect(await of(payment)).toMatchObject([{ state: 'failed', attempts: 1, lastError: 'EENVELOPE 550' }])
    expect((await world.alerts()).filter(({ kind }) => kind === 'notice_failed')).toEqual([])
  })

  test('an alert goes to the addresses of the settings and, signed, to the webhook', async () => {
    await alarm('The fund has 1.00 RUB available.')
    await work()
    await work()
    expect(mail.letters.map(({ to }) => to)).toEqual([[STAFF]])
    const letter = readLetter(mail.letters[0] ?? { source: '' })
    expect(letter.subject).toBe('Мили & Ко: Фонд опустился ниже порога')
    expect(letter.body).toContain('The fund has 1.00 RUB available.')
    expect(calls).toHaveLength(1)
    const [{ body, signature } = { body: '', signature: '' }] = calls
    const read = JSON.parse(body) as Record<string, string>
    expect(read).toMatchObject({ kind: 'fund_below', detail: 'The fund has 1.00 RUB available.' })
    expect(Object.keys(read)).toEqual(['id', 'kind', 'subject', 'detail', 'at'])
    expect(signature).toBe(`sha256=${createHmac('sha256', 'a secret of the webhook').update(body).digest('hex')}`)
  })

  test('a request that waits for a second person is told to the operator, without its reason', async () => {
    const order = { payload: { roubles: '9000000.00' }, author: COMMAND_LINE, reason: 'as Anna asked', key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.fund.deposit, order)
    expect(submitted.state).toBe('waiting')
    await work()
    await work()
    expect(mail.letters.map((letter) => readLetter(letter).subject)).toEqual(['Мили & Ко: Запрос ждёт второго сотрудника'])
    expect(readLetter(mail.letters[0] ?? { source: '' }).body).toContain(`${world.url}/admin/approvals/`)
    expect(calls.map(({ body }) => (JSON.parse(body) as { kind: string }).kind)).toEqual(['approval_waiting'])
    expect(stringify([mail.letters, calls])).not.toContain('Anna')
  })

  once('a mail server that hangs does not hold up the webhook, and its letter stays queued', async () => {
    mail.silent = true
    await alarm('hangs')
    await world.parts.notices.queue()
    const sending = world.parts.notices.sendMail()
    await world.parts.notices.callWebhook()
    expect(calls).toHaveLength(1)
    mail.hangUp()
    expect(await sending).toBe(1)
    expect(await listNotices(world.db, { state: 'queued', limit: 10 })).toMatchObject([{ channel: 'mail', attempts: 1 }])
  })

  test('a webhook that does not take a call is called again under the same id, for a day; then an alert says so by letter', async () => {
    hookStatus = 302
    await alarm('again and again')
    await work()
    expect(calls).toHaveLength(1)
    hookStatus = 500
    for (let hours = 0; hours < 30; hours++) {
      world.clock.move(HOUR)
      await work()
    }
    expect(calls.length).toBeGreaterThan(8)
    expect(new Set(calls.map(({ body }) => (JSON.parse(body) as { id: string }).id)).size).toBe(1)
    expect(await listNotices(world.db, { state: 'failed', limit: 1 })).toMatchObject([{ channel: 'webhook', lastError: 'HTTP 500' }])
    expect((await world.alerts()).filter(({ kind }) => kind === 'notice_failed')).toMatchObject([{ subject: 'webhook' }])
    expect(mail.letters.map((letter) => readLetter(letter).subject)).toEqual([
      'Мили & Ко: Фонд опустился ниже порога',
      'Мили & Ко: Письмо или вызов не доставлены',
    ])
  })

  test('what was given up can be sent once more, by whoever may', async () => {
    const [failed] = await listNotices(world.db, { state: 'failed', limit: 1 })
    const id = failed?.id ?? ''
    const support = { kind: 'staff', id: randomUUID(), login: 'support', role: 'support' } as const
    await expect(retryNotice(world.parts, id, support)).rejects.toMatchObject({ code: 'forbidden' })
    await retryNotice(world.parts, id, COMMAND_LINE)
    await work()
    expect(calls.map(({ body }) => (JSON.parse(body) as { id: string }).id)).toEqual([id])
    await expect(retryNotice(world.parts, id, COMMAND_LINE)).rejects.toMatchObject({ code: 'not_found' })
    expect(await world.db('audit_log').where({ subject: `notice:${id}` })).toMatchObject([{ action: 'notice_retried' }])
  })

  test('a process that dies while it sends leaves the letter to others', async () => {
    const payment = await paidBy(await member('twice@example.org'), 'T-1')
    await world.parts.notices.queue()
    await world
      .db('notices')
      .where({ source: payment })
      .update({ attempts: 1, next_attempt_at: new Date(world.clock.now().getTime() + 5 * MINUTE).toISOString() })
    await work()
    expect(mail.letters).toEqual([])
    world.clock.move(5 * MINUTE + SECOND)
    await Promise.all([work(), work()])
    expect(mail.letters.map(({ to }) => to[0])).toEqual(['twice@example.org'])
  })

  test('what a later version has to tell is left to its own workers, and not ended as nothing to tell', async () => {
    const payment = await paidBy(await member('later@example.org'), 'T-2')
    await world.parts.notices.queue()
    const receipt = () => world.db('notices').where({ source: payment })
    await receipt().update({ topic: 'of_a_later_version' })
    await work()
    expect(await receipt().first('state')).toEqual({ state: 'queued' })
    await receipt().update({ topic: 'receipt' })
    await work()
    expect(mail.letters.map(({ to }) => to[0])).toEqual(['later@example.org'])
  })

  test('what was settled a month ago is forgotten', async () => {
    world.clock.move(31 * DAY)
    while ((await world.parts.notices.forget()) > 0);
    expect(await listNotices(world.db, { limit: 10 })).toEqual([])
  })
})

test('letters into a folder are whole files, and without an address of a mail server nothing is queued', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-mail-'))
  const world = await World.make({ env: { MAIL_URL: `file:${folder}/letters`, ALERT_EMAILS: STAFF } })
  await inTransaction(world.db, (tx) =>
    openAlerts(tx, [{ kind: 'clock_off', subject: 'host', detail: 'five seconds', at: world.clock.now() }]),
  )
  await world.parts.notices.queue()
  await world.parts.notices.sendMail()
  const files = readdirSync(join(folder, 'letters'))
  expect(files).toEqual([`${String((await listNotices(world.db, { limit: 1 }))[0]?.id)}.eml`])
  const source = readFileSync(join(folder, 'letters', files[0] ?? ''), 'utf8').replace(/\r?\n/g, '\r\n')
  expect(readLetter({ source })).toMatchObject({ subject: 'Бонусная программа: Часы сервера сбиты' })
  await world.close()
  rmSync(folder, { recursive: true })
})
