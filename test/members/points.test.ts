import { randomUUID } from 'node:crypto'
import { ACCOUNTS, memberAccount, transfer } from '../../src/ledger'
import {
  addMember,
  addStaff,
  creditMember,
  debitMember,
  findMember,
  lockMember,
  readMember,
  showMember,
  unlockMember,
} from '../../src/members'
import { readHistory } from '../../src/members/history'
import { ENGINES } from '../support/databases'
import { OPERATOR, PASSWORD, makeMembersWorld, points, refusalOf } from './world'
import type { MembersWorld } from './world'

describe.each(ENGINES)('members and their points on %s', (engine) => {
  let world: MembersWorld

  beforeAll(async () => {
    world = await makeMembersWorld(engine)
  })
  afterEach(async () => {
    expect(await world.differences()).toEqual([])
  })
  afterAll(() => world.close())

  const auditOf = (subject: string) => world.db('audit_log').where({ subject }).orderBy('id') as Promise<Record<string, unknown>[]>
  const adjustment = (login: string, amount: string, key: string = randomUUID()) =>
    ({ login, amount: points(amount), reason: 'Correction of March', key, actor: OPERATOR }) as const

  test('a new member has an empty account, found under the login in any case', async () => {
    const login = `Ольга.${randomUUID().replaceAll(/[a-f-]/g, '')}`
    const added = await addMember(world.deps, { login, password: PASSWORD, language: 'en', actor: OPERATOR })
    expect(await findMember(world.db, ` ${login.toUpperCase()} `)).toEqual(added)
    expect(await readMember(world.db, added.id)).toMatchObject({ login: login.toLowerCase(), language: 'en', lockedAt: null })
    expect(await showMember(world.db, login)).toMatchObject({ available: '0.00', held: '0.00', balance: '0.00', locked: false })
    expect(await auditOf(memberAccount(added.id))).toMatchObject([{ action: 'member_added', actor: 'system:test' }])
  })

  test('a login belongs to one person, in whatever case it is asked for, members and staff together', async () => {
    const { login } = await world.member()
    const again = addMember(world.deps, { login: login.toUpperCase(), password: PASSWORD, actor: OPERATOR })
    expect(await refusalOf(again)).toBe('login_taken')
    expect(await refusalOf(addStaff(world.deps, { login, password: PASSWORD, role: 'viewer', actor: OPERATOR }))).toBe('login_taken')
    const both = ['first', 'second'].map(() =>
      refusalOf(addMember(world.deps, { login: `race-${login}`.slice(0, 60), password: PASSWORD, actor: OPERATOR })),
    )
    expect((await Promise.all(both)).filter((answer) => answer === 'login_taken')).toHaveLength(1)
  })

  test.each([
    ['login', { login: 'with blank' }],
    ['login', { login: 'аdmin' }],
    ['login', { login: '' }],
    ['password', { password: 'short' }],
    ['password', { password: 'x'.repeat(201) }],
    ['email', { email: 'a\u0000b' }],
    ['phone', { phone: '1'.repeat(41) }],
  ])('a member with an odd %s is refused', async (field, change) => {
    const work = addMember(world.deps, { login: `odd-${randomUUID()}`, password: PASSWORD, actor: OPERATOR, ...change })
    await expect(work).rejects.toMatchObject({ code: 'bad_input', detail: field })
  })

  test('a credit and a debit move the points and each leaves one audit row with its reason', async () => {
    const { id, login } = await world.member()
    await creditMember(world.deps, { ...adjustment(login, '500.00'), kind: 'accrual' })
    await debitMember(world.deps, adjustment(login, '196.58'))
    expect(await showMember(world.db, login)).toMatchObject({ available: '303.42', held: '0.00', balance: '303.42' })
    const [, credited, debited] = await auditOf(memberAccount(id))
    expect(credited).toMatchObject({ action: 'points_credited', reason: 'Correction of March', after: '{"points":"500.00"}' })
    expect(debited).toMatchObject({ action: 'points_debited', after: '{"points":"196.58"}' })
  })

  test('the same key a hundred times, together and one by one, at two instances: one credit, one audit row', async () => {
    const { id, login } = await world.member()
    const intent = adjustment(login, '10.00')
    const other = world.anotherInstance()
    const together = await Promise.all(Array.from({ length: 90 }, (_, n) => creditMember(n % 2 ? other : world.deps, intent)))
    for (let n = 0; n < 10; n++) together.push(await creditMember(world.deps, intent))
    expect(together.filter(({ replayed }) => !replayed)).toHaveLength(1)
    expect(await showMember(world.db, login)).toMatchObject({ balance: '10.00' })
    expect((await auditOf(memberAccount(id))).filter(({ action }) => action === 'points_credited')).toHaveLength(1)
  })

  test('a key that was used for something else is refused and nothing moves', async () => {
    const [anna, boris] = [await world.member('50.00'), await world.member('50.00')]
    const intent = adjustment(anna.login, '10.00')
    await creditMember(world.deps, intent)
    expect(await refusalOf(creditMember(world.deps, { ...intent, amount: points('11.00') }))).toBe('key_reused')
    expect(await refusalOf(creditMember(world.deps, { ...intent, login: boris.login }))).toBe('key_reused')
    expect(await refusalOf(debitMember(world.deps, intent))).toBe('key_reused')
    expect(await showMember(world.db, anna.login)).toMatchObject({ balance: '60.00' })
    expect(await showMember(world.db, boris.login)).toMatchObject({ balance: '50.00' })
  })

  test('a debit beyond what is available is refused, held points included, and leaves no audit row', async () => {
    const { id, login } = await world.member('100.00')
    const account = memberAccount(id)
    const line = { do: 'hold', holdId: randomUUID(), account, to: ACCOUNTS.redeemed, amount: points('60.00') } as const
    await world.deps.ledger.submit({ key: randomUUID(), lines: [line] })
    expect(await refusalOf(debitMember(world.deps, adjustment(login, '40.01')))).toBe('not_enough_available')
    expect(await showMember(world.db, login)).toMatchObject({ available: '40.00', held: '60.00', balance: '100.00' })
    expect((await auditOf(account)).map(({ action }) => action)).toEqual(['member_added', 'points_credited'])
  })

  test.each([
    ['reason', { reason: '  ' }],
    ['reason', { reason: 'two\nlines' }],
    ['key', { key: '' }],
    ['key', { key: 'ключ' }],
    ['amount', { amount: points('0') }],
    ['amount', { amount: points('-1') }],
    ['amount', { amount: { minor: 100n, unit: 'RUB' } }],
  ] as const)('an adjustment with an odd %s is refused', async (field, change) => {
    const { login } = await world.member()
    await expect(creditMember(world.deps, { ...adjustment(login, '1.00'), ...change })).rejects.toMatchObject({
      code: 'bad_input',
      detail: field,
    })
  })

  test('nobody is credited when there is no such member', async () => {
    expect(await refusalOf(creditMember(world.deps, adjustment('nobody', '1.00')))).toBe('not_found')
    expect(await refusalOf(creditMember(world.deps, adjustment('no body', '1.00')))).toBe('not_found')
    expect(await refusalOf(readMember(world.db, randomUUID()))).toBe('not_found')
  })

  test('a locked member can hold nothing from the same commit on, and after unlocking can again', async () => {
    const { id, login } = await world.member('100.00')
    const holdOne = () => {
      const line = { do: 'hold', holdId: randomUUID(), account: memberAccount(id), to: ACCOUNTS.redeemed, amount: points('1.00') } as const
      return refusalOf(world.deps.ledger.submit({ key: randomUUID(), lines: [line] }))
    }
    const locked = await lockMember(world.deps, { login, reason: 'Lost phone', actor: OPERATOR })
    expect(locked).toMatchObject({ lockedAt: world.clock.now(), lockedReason: 'Lost phone' })
    expect(await lockMember(world.deps, { login, reason: 'Again', actor: OPERATOR })).toEqual(locked)
    expect(await holdOne()).toBe('account_locked')
    expect(await showMember(world.db, login)).toMatchObject({ locked: true, available: '100.00' })
    await unlockMember(world.deps, { login, reason: 'Phone found', actor: OPERATOR })
    expect(await holdOne()).toEqual({ replayed: false })
    const deeds = await auditOf(memberAccount(id))
    expect(deeds.map(({ action }) => action).slice(2)).toEqual(['member_locked', 'member_unlocked'])
  })

  test('the history pages backwards through every entry once', async () => {
    const { id, login } = await world.member('1000.00')
    for (let n = 0; n < 44; n++) await debitMember(world.deps, adjustment(login, '1.00'))
    const seen: bigint[] = []
    let before: bigint | undefined
    const sizes: number[] = []
    do {
      const page = await readHistory(world.db, id, before)
      sizes.push(page.entries.length)
      seen.push(...page.entries.map(({ number }) => number))
      before = page.olderBefore ?? undefined
      // What is added while somebody pages does not shift the pages.
      await debitMember(world.deps, adjustment(login, '1.00'))
    } while (before !== undefined)
    expect(sizes).toEqual([20, 20, 5])
    expect(seen).toEqual(Array.from({ length: 45 }, (_, n) => BigInt(45 - n)))
    expect(await readHistory(world.db, id, 1n)).toEqual({ entries: [], olderBefore: null })
  })

  test('personal data, reasons and passwords reach neither the books nor the log', async () => {
    const person = { fullName: 'Canary Fullname', email: 'canary@example.org', phone: '+7 999 555 44 33' }
    const { login } = await addMember(world.deps, {
      login: `canary-${randomUUID()}`,
      password: 'canary-password',
      actor: OPERATOR,
      ...person,
    })
    await creditMember(world.deps, { ...adjustment(login, '5.00'), reason: 'For canary-reason' })
    await world.deps.ledger.idle()
    const tables = [
      'ledger_accounts',
      'ledger_instructions',
      'ledger_transfers',
      'ledger_entries',
      'ledger_batches',
      'ledger_seals',
      'audit_log',
      'members',
    ]
    const rows: unknown[] = []
    for (const table of tables) rows.push(await world.db(table).select())
    const written = JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
    for (const secret of [person.fullName, person.email, person.phone, 'canary-password']) {
      expect(written).not.toContain(secret)
      expect(world.logged()).not.toContain(secret)
    }
    expect(world.logged()).not.toContain('canary')
    expect(JSON.stringify(await world.db('ledger_transfers').select('memo', 'reference'))).not.toContain('canary')
  })

  test('audit rows can be neither changed nor deleted', async () => {
    await world.member()
    const refused = { message: expect.stringContaining('audit rows are never changed') as string }
    await expect(world.db('audit_log').update({ reason: 'another' })).rejects.toMatchObject(refused)
    await expect(world.db('audit_log').delete()).rejects.toMatchObject(refused)
  })

  test('a movement whose audit row cannot be written does not happen', async () => {
    const { id, login } = await world.member('10.00')
    const account = memberAccount(id)
    const line = transfer({ kind: 'adjustment', from: ACCOUNTS.program, to: account, amount: points('1.00') })
    const write = () => Promise.reject(new Error('no room for the audit row'))
    await expect(world.deps.ledger.submit({ key: randomUUID(), lines: [line], companions: [{ write, row: {} }] })).rejects.toThrow(
      'no room',
    )
    expect(await showMember(world.db, login)).toMatchObject({ balance: '10.00' })
  })
})
