import { randomUUID } from 'node:crypto'
import { addMember } from '../../src/members'
import { askForCode, forgetCodes, forgetGuest, memberOfPass, orderOfPass, recogniseMember, sealOrderPass } from '../../src/storefront'
import { buyTopUpCode, redeemCode } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, HOUR, MINUTE, plus } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { createSeal } from '../../src/shared/seal'
import { ODD_VALUES } from '../routes/odd'
import { ENGINES } from '../support/databases'
import { MailServer, readLetter } from '../support/mail-server'
import { PASSWORD, World } from '../support/world'

const by = { author: COMMAND_LINE, reason: 'A test' } as const

describe.each(ENGINES)('a member says who they are by a one-time code, on %s', (engine) => {
  let world: World
  let mail: MailServer
  beforeAll(async () => {
    mail = await MailServer.start()
    world = await World.make({ engine, env: { MODE: 'demo', MAIL_URL: mail.url, MAIL_FROM: 'points@programme.example' } })
  })
  afterEach(async () => {
    mail.letters.splice(0)
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await world.close()
    await mail.close()
  })

  async function person(email: string, fullName?: string): Promise<{ id: string; email: string; login: string }> {
    const login = `m${randomUUID().slice(0, 8)}`
    const { id } = await addMember(world.parts, { login, password: PASSWORD, email, ...(fullName && { fullName }), actor: COMMAND_LINE })
    return { id, email, login }
  }
  const address = (): string => `192.0.2.${randomUUID().slice(0, 8)}`
  const ask = (email: string, from = address()): Promise<void> => askForCode(world.parts, { email, address: from, language: 'en' })
  const lettersGo = async (): Promise<void> => {
    await Promise.all([world.parts.notices.queue(), world.parts.notices.queue()])
    while ((await world.parts.notices.queue()) > 0);
    while ((await world.parts.notices.sendMail()) > 0);
  }
  const lastCode = (email: string): string => {
    const letter = mail.letters.findLast(({ to }) => to.includes(email.replace('@Example', '@example')))
    return /Code: (\d{6})/.exec(readLetter(letter ?? { source: '' }).body)?.[1] ?? ''
  }
  const tell = (email: string, code: string, from = address()): Promise<string> =>
    recogniseMember(world.parts, { email, code, address: from })
  const wrongOf = (code: string): string => String((Number(code) + 1) % 1_000_000).padStart(6, '0')
  const textOfAll = async (...tables: string[]): Promise<string> =>
    JSON.stringify(await Promise.all(tables.map((table) => world.db(table))), (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )

  test('the code comes by letter, fits once, and its pass says who it is for half an hour', async () => {
    const anna = await person('Anna@Example.test', 'Анна Ветрова')
    await ask(' anna@example.TEST ')
    await lettersGo()
    expect(mail.letters.map(({ to }) => to)).toEqual([['Anna@example.test']])
    const code = lastCode(anna.email)
    expect(readLetter(mail.letters[0] ?? { source: '' }).subject).not.toContain(code)
    expect(await textOfAll('one_time_codes', 'notices', 'sign_in_attempts')).not.toMatch(new RegExp(`${code}|anna@example`, 'i'))

    const pass = await tell(anna.email, ` ${code.slice(0, 3)} ${code.slice(3)}`)
    expect(await memberOfPass(world.parts, pass)).toEqual({ id: anna.id, name: 'Анна Ветрова' })
    await expect(tell(anna.email, code)).rejects.toMatchObject({ code: 'code_wrong' })
    world.clock.move(29 * MINUTE)
    expect(await memberOfPass(world.parts, pass)).toBeDefined()
    world.clock.move(2 * MINUTE)
    expect(await memberOfPass(world.parts, pass)).toBeUndefined()
  })

  test('an address that nobody has, or two have, or a locked member has, is answered the same and gets no letter', async () => {
    await Promise.all([person('two@example.test'), person('two@example.test')])
    const vera = await person('vera@example.test')
    await world.parts.deeds.members.lock.perform({ memberId: vera.id }, { ...by, key: randomUUID() })
    for (const email of ['nobody@example.test', 'two@example.test', 'vera@example.test']) await ask(email)
    expect(await world.db('one_time_codes').whereNotNull('sealed_email')).toHaveLength(3)
    await lettersGo()
    expect(mail.letters).toEqual([])
    expect(await world.db('one_time_codes').whereNotNull('sealed_email')).toEqual([])
    for (const email of ['nobody@example.test', 'two@example.test', 'vera@example.test', 'never-asked@example.test'])
      await expect(tell(email, '123456')).rejects.toMatchObject({ code: 'code_wrong' })
    await expect(ask('no address')).rejects.toMatchObject({ code: 'bad_input', detail: 'email' })
  })

  test('whoever asks for an address of a member waits for the same work as for one of nobody', async () => {
    const { email } = await person('same@example.test')
    const workFor = async (one: string): Promise<string[]> => {
      const statements: string[] = []
      const note = ({ sql }: { sql: string }): void => void statements.push(sql)
      world.db.on('query', note)
      await ask(one)
      world.db.removeListener('query', note)
      return statements
    }
    const [hit, miss] = [await workFor(email), await workFor('not-same@example.test')]
    expect([hit.length > 2, hit]).toEqual([true, miss])
    expect(hit.join()).not.toMatch(/member/)
  })

  test('a code stands five tries and ten minutes, and a newer one takes its place', async () => {
    const { email } = await person('boris@example.test')
    await ask(email)
    await lettersGo()
    const first = lastCode(email)
    const guesses = await Promise.allSettled(Array.from({ length: 5 }, () => tell(email, wrongOf(first))))
    expect(guesses.every(({ status }) => status === 'rejected')).toBe(true)
    await expect(tell(email, first)).rejects.toMatchObject({ code: 'code_wrong' })
    world.clock.move(MINUTE)
    await ask(email)
    await lettersGo()
    const second = lastCode(email)
    if (first !== second) await expect(tell(email, first)).rejects.toMatchObject({ code: 'code_wrong' })
    world.clock.move(11 * MINUTE)
    await expect(tell(email, second)).rejects.toMatchObject({ code: 'code_wrong' })
    await ask(email)
    world.clock.move(11 * MINUTE)
    const letters = mail.letters.length
    await lettersGo()
    expect(mail.letters).toHaveLength(letters)
    await forgetCodes(world.db, world.clock.now())
    expect(await world.db('one_time_codes').where('created_at', '<', plus(world.clock.now(), -DAY).toISOString())).toEqual([])
  })

  test('whoever asks or guesses too often is stopped, by e-mail address and by network address, for hit and miss alike', async () => {
    const { email } = await person('dora@example.test')
    const codeOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'done',
        (error: unknown) => (error as { code: string }).code,
      )
    for (const one of [email, 'miss@example.test']) {
      const here = address()
      const asked = await Promise.all(Array.from({ length: 8 }, () => codeOf(ask(one, here))))
      expect(asked.filter((code) => code === 'done')).toHaveLength(5)
      const told = await Promise.all(Array.from({ length: 14 }, () => codeOf(tell(one, 'no', here))))
      expect(await codeOf(tell(one, 'no'))).toBe('code_wrong') // A stranger's tries do not shut the member out.
      expect(told.filter((code) => code === 'code_wrong')).toHaveLength(10)
      expect(new Set(told)).toEqual(new Set(['code_wrong', 'too_many_requests']))
    }
    const from = address()
    const many = await Promise.all(Array.from({ length: 35 }, (_, index) => codeOf(ask(`many${String(index)}@example.test`, from))))
    expect(many.filter((code) => code === 'done')).toHaveLength(30)
    expect(await codeOf(ask('one-more@example.test'))).toBe('done')
  })

  test('a mailbox is not filled: one letter a minute, then one an hour, ten a day; and a code that was used does not count', async () => {
    const { email } = await person('mila@example.test')
    const rows = async (one: string): Promise<number> =>
      (await world.db('one_time_codes').where({ email_digest: world.parts.storefront.oneTimeCodes.digest(one) })).length
    for (const one of [email, 'nobody-there@example.test']) {
      for (let asked = 0; asked < 6; asked += 1) await ask(one)
      expect(await rows(one)).toBe(1)
    }
    await lettersGo()
    expect(mail.letters.filter(({ to }) => to.includes(email))).toHaveLength(1)
    await tell(email, lastCode(email))
    const after = async (wait: number): Promise<number> => {
      world.clock.move(wait)
      await ask(email)
      return rows(email)
    }
    expect([await after(0), await after(MINUTE), await after(MINUTE), await after(MINUTE)]).toEqual([2, 3, 4, 5])
    expect([await after(MINUTE), await after(HOUR), await after(MINUTE)]).toEqual([5, 6, 6])
    for (let hour = 0; hour < 8; hour += 1) await after(HOUR)
    expect(await rows(email)).toBe(11)
    expect(await after(DAY)).toBe(12)
  })

  test('odd inputs are refused by name, and none is an error of ours', async () => {
    const odd = ODD_VALUES.map((value) => {
      try {
        return decodeURIComponent(value)
      } catch {
        return value
      }
    })
    const anna = await world.member({ points: '0' })
    for (const value of [
      ...odd,
      'a@b',
      'a@b.c',
      'a b@c.de',
      'a@c.de\r\nBcc: x@y.zz',
      'я@пример.рф',
      '"a"@b.cd',
      '１２３４５６',
      '12345６',
      '\ud800',
    ]) {
      const email = `${randomUUID()}@example.test`
      await expect(ask(value)).rejects.toMatchObject({ code: 'bad_input', detail: 'email' })
      await ask(email)
      await expect(tell(email, value)).rejects.toMatchObject({ code: 'code_wrong' })
      await expect(redeemCode(world.parts, { memberId: anna.id, code: value })).rejects.toMatchObject({ code: 'code_not_valid' })
      expect([await memberOfPass(world.parts, value), await orderOfPass(world.parts, value)]).toEqual([undefined, undefined])
    }
  })

  test('two who bring the right code at once are let in once', async () => {
    const { email } = await person('zoe@example.test')
    await ask(email)
    await lettersGo()
    const code = lastCode(email)
    const tries = await Promise.allSettled([tell(email, code), tell(email, code), tell(email, code)])
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('no pass opens what another kind opens, or was made by somebody else, or says who was erased since', async () => {
    const { email, login, id } = await person('gleb@example.test')
    await ask(email)
    await lettersGo()
    const member = await tell(email, lastCode(email))
    const guest = { email: 'guest@example.test', address: address() }
    const order = await buyTopUpCode(world.parts, { amount: parseMoney('100.00', 'RUB'), buyer: guest, language: 'ru' })
    const ofOrder = sealOrderPass(world.parts, order)
    expect((await orderOfPass(world.parts, ofOrder))?.number).toBe(order.number)
    expect([await memberOfPass(world.parts, ofOrder), await orderOfPass(world.parts, member)]).toEqual([undefined, undefined])
    const stranger = createSeal('another secret, long enough to be one', 'passes of members in the mini-app')
    const inTheirSpelling = `${id}.${plus(world.clock.now(), DAY).getTime().toString(36)}`
    const changed = `${member.slice(0, -2)}${member.endsWith('AA') ? 'BB' : 'AA'}`
    for (const forged of [undefined, '', 'x', changed, inTheirSpelling, stranger.seal('pass', inTheirSpelling), 'v1.'.padEnd(5_000, 'A')])
      expect([forged, await memberOfPass(world.parts, forged), await orderOfPass(world.parts, forged)]).toEqual([
        forged,
        undefined,
        undefined,
      ])
    const asCookie = await fetch(`${world.url}/account`, { headers: { cookie: `gateway=${member}` }, redirect: 'manual' })
    expect(asCookie.status).toBe(303)

    expect(await memberOfPass(world.parts, member)).toEqual({ id, name: login })
    await ask(email)
    await world.parts.deeds.members.erase.perform({ memberId: id }, { ...by, key: randomUUID() })
    expect(await memberOfPass(world.parts, member)).toBeUndefined()
    const { oneTimeCodes } = world.parts.storefront
    expect(await world.db('one_time_codes').where({ email_digest: oneTimeCodes.digest(email) })).toEqual([])
    world.clock.move(31 * DAY)
    expect(await orderOfPass(world.parts, ofOrder)).toBeUndefined()
  })

  test('a guest who asks for it is forgotten, and the audit log does not learn who that was', async () => {
    const email = `guest-${randomUUID()}@example.test`
    const order = await buyTopUpCode(world.parts, {
      amount: parseMoney('100.00', 'RUB'),
      buyer: { email, address: address() },
      language: 'ru',
    })
    await ask(email)
    expect(await forgetGuest(world.parts, { email: email.toUpperCase(), ...by })).toEqual({
      guest_orders: 1,
      one_time_codes: 1,
    })
    expect(await world.db('order_buyers').where({ order_id: order.id })).toEqual([])
    expect(await textOfAll('audit_log', 'order_buyers', 'orders', 'one_time_codes')).not.toContain(email)
    const staff = { kind: 'staff', id: randomUUID(), login: 'op', role: 'operator' } as const
    await expect(forgetGuest(world.parts, { email, author: staff, reason: 'x' })).rejects.toMatchObject({ code: 'forbidden' })
  })
})
