import { parseOptions } from '@node-rs/argon2'
import { addStaff, forgetOldAttempts, lockMember, signIn } from '../../src/members'
import type { MembersDeps } from '../../src/members'
import { DECOY_HASH, HASHING } from '../../src/members/password'
import { DAY, MINUTE } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import { OPERATOR, PASSWORD, makeMembersWorld, refusalOf } from './world'
import type { MembersWorld } from './world'

let lastAddress = 0
/** An address that no other test has used. */
const newAddress = (): string => `198.51.100.${++lastAddress}`

describe.each(ENGINES)('signing in on %s', (engine) => {
  let world: MembersWorld
  let other: MembersDeps

  beforeAll(async () => {
    world = await makeMembersWorld(engine)
    other = world.anotherInstance()
  })
  afterAll(() => world.close())

  const attempt = (login: string, password: string, address: string, deps: MembersDeps = world.deps) =>
    refusalOf(signIn(deps, { login, password, address }))
  const attempts = async (count: number, one: (n: number) => Promise<unknown>): Promise<unknown[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const times = (answers: unknown[], answer: string): number => answers.filter((given) => given === answer).length

  test('the right password opens the account, under the login in any case and width', async () => {
    const { id, login } = await world.member()
    const actor = { kind: 'member', id, login }
    expect(await attempt(login, PASSWORD, newAddress())).toEqual(actor)
    expect(await attempt(`  ${login.toUpperCase().replace('M', 'Ｍ')} `, PASSWORD, newAddress())).toEqual(actor)
  })

  test('staff sign in through the same door and bring their role', async () => {
    const staff = await addStaff(world.deps, { login: 'Operator.One', password: PASSWORD, role: 'operator', actor: OPERATOR })
    expect(await attempt('operator.one', PASSWORD, newAddress())).toEqual(staff)
    await world.db('staff').where({ id: staff.id }).update({ disabled_at: world.clock.now().toISOString() })
    expect(await attempt('operator.one', PASSWORD, newAddress())).toBe('wrong_login_or_password')
  })

  test.each(['nobody', '', 'with blank', 'a\u0000b', '\ud800', "' or 1=1 --", 'x'.repeat(5_000)])(
    'an unknown login (case %#) gets the answer of a wrong password',
    async (login) => {
      expect(await attempt(login, PASSWORD, newAddress())).toBe('wrong_login_or_password')
    },
  )

  test('an odd password gets the answer of a wrong one', async () => {
    const { login } = await world.member()
    for (const password of ['', 'a\u0000b', '\ud800', `${PASSWORD} `, PASSWORD.toUpperCase(), 'x'.repeat(10_000)]) {
      expect(await attempt(login, password, newAddress())).toBe('wrong_login_or_password')
    }
  })

  test('a locked member may sign in, and with a wrong password learns nothing of the lock', async () => {
    const { id, login } = await world.member()
    await lockMember(world.deps, { login, reason: 'On request', actor: OPERATOR })
    expect(await attempt(login, 'wrong password', newAddress())).toBe('wrong_login_or_password')
    expect(await attempt(login, PASSWORD, newAddress())).toMatchObject({ kind: 'member', id })
  })

  test('the hash that an unknown login is checked against costs what a real one costs', async () => {
    const { id } = await world.member()
    const [row] = await world.db('members').where({ id }).select<{ password_hash: string }[]>('password_hash')
    expect(parseOptions(row?.password_hash ?? '')).toEqual(parseOptions(DECOY_HASH))
    expect(parseOptions(DECOY_HASH)).toMatchObject(HASHING)
  })

  test('forty guesses at once, at two instances and from many addresses: ten are looked at, then the right password is refused too', async () => {
    const { login } = await world.member()
    const answers = await attempts(40, (n) =>
      attempt(n % 3 ? login : login.toUpperCase(), `guess ${n}`, newAddress(), n % 2 ? other : world.deps),
    )
    expect(times(answers, 'wrong_login_or_password')).toBe(10)
    expect(times(answers, 'too_many_attempts')).toBe(30)
    expect(await attempt(login, PASSWORD, newAddress(), other)).toBe('too_many_attempts')
    world.clock.passes(15 * MINUTE)
    expect(await attempt(login, PASSWORD, newAddress())).toMatchObject({ login })
  })

  test('a login that does not exist is closed after ten failures like any other', async () => {
    const answers = await attempts(12, () => attempt('nobody-at-all', 'guess', newAddress()))
    expect(times(answers, 'too_many_attempts')).toBe(2)
    const odd = await attempts(12, () => attempt('not a login', 'guess', newAddress()))
    expect(times(odd, 'too_many_attempts')).toBe(2)
  })

  test('fifty failures from one address close it for every login, at each instance; another address stays open', async () => {
    const { login } = await world.member()
    const address = newAddress()
    const answers = await attempts(60, (n) => attempt(`unknown-${n}`, 'guess', address, n % 2 ? other : world.deps))
    expect(times(answers, 'wrong_login_or_password')).toBe(50)
    expect(await attempt(login, PASSWORD, address)).toBe('too_many_attempts')
    expect(await attempt(login, PASSWORD, newAddress())).toMatchObject({ login })
  })

  test('signing in right does not use up attempts, and does not buy new ones', async () => {
    const { login } = await world.member()
    const address = newAddress()
    await attempts(9, () => attempt(login, 'wrong', address))
    for (let n = 0; n < 12; n++) expect(await attempt(login, PASSWORD, address)).toMatchObject({ login })
    expect(await attempt(login, 'wrong', address)).toBe('wrong_login_or_password')
    expect(await attempt(login, PASSWORD, address)).toBe('too_many_attempts')
  })

  test('a window that a clock of next year opened counts as over once the clock is right again', async () => {
    const { login } = await world.member()
    world.clock.passes(365 * DAY)
    await attempts(10, () => attempt(login, 'wrong', newAddress()))
    expect(await attempt(login, PASSWORD, newAddress())).toBe('too_many_attempts')
    world.clock.passes(-365 * DAY)
    expect(await attempt(login, PASSWORD, newAddress())).toMatchObject({ login })
    await attempts(10, () => attempt(login, 'wrong', newAddress()))
    expect(await attempt(login, PASSWORD, newAddress())).toBe('too_many_attempts')
  })

  test('old counts are forgotten, open windows are kept, and neither names a login or an address', async () => {
    const address = newAddress()
    await attempt('somebody-old', 'wrong', address)
    world.clock.passes(15 * MINUTE)
    await attempt('somebody-new', 'wrong', newAddress())
    expect(await forgetOldAttempts(world.db, world.clock.now())).toBeGreaterThanOrEqual(2)
    const left = await world.db('sign_in_attempts').select<{ subject: string }[]>('subject')
    expect(left).toHaveLength(2)
    for (const { subject } of left) expect(subject).toMatch(/^[0-9a-f]{64}$/)
    expect(world.logged()).not.toContain(address)
    expect(world.logged()).not.toContain('somebody-')
  })
})
