import { addMember } from '../../src/members'
import { askedMember } from '../../src/backoffice/asked-member'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

describe.each(ENGINES)('a list that is filtered by its member, on %s', (engine) => {
  let world: World
  let viewer: StaffActor
  let irina: string
  beforeAll(async () => {
    world = await World.make({ engine })
    viewer = (await StaffPerson.make(world, 'viewer')).actor
    irina = await joins('irina', { fullName: 'Ирина Петрова', email: 'irina@example.org', phone: '+7 900 123-45-67' })
    await joins('pavel', { fullName: 'Павел Ким', phone: '+7 900 555-44-33' })
    await joins('kim', { fullName: 'Павел Ким', phone: '+7 900 555-44-33' })
  })
  afterAll(() => world.close())

  const joins = async (login: string, person: object): Promise<string> =>
    (await addMember(world.parts, { login, password: PASSWORD, ...person, actor: COMMAND_LINE })).id
  const searches = async (): Promise<string[]> => world.db('audit_log').where({ action: 'person_searched' }).pluck('subject')

  test.each(['IRINA', ' irina ', '+7 (900) 123-45-67', 'Irina@Example.org', 'ирина петрова'])(
    'finds “%s”, and writes it down',
    async (typed) => {
      const before = await searches()
      const query = { member: typed, state: 'captured' }
      const found = await askedMember(world.parts, query, viewer)
      expect(found).toMatchObject({ query: { member: irina, state: 'captured' }, member: { id: irina } })
      expect(await searches()).toEqual([...before, `member:${irina}`])
    },
  )

  // The viewer must learn neither letters nor digits one by one, and of two who fit neither is meant.
  test.each(['Ирина', '+7 900 123', 'irina@', 'Павел Ким', '+7 900 555-44-33', 'nobody', '\u0000', '%', "' or 1=1 --"])(
    'names nobody by “%s”',
    async (member) => {
      const before = await searches()
      expect(await askedMember(world.parts, { member }, viewer)).toEqual({ query: { member }, member: undefined })
      expect(await searches()).toEqual(before)
    },
  )

  test('takes an id as it is, whether it is a member’s or not', async () => {
    const before = await searches()
    const stranger = '01234567-89ab-7cde-8f01-23456789abcd'
    expect(await askedMember(world.parts, { member: irina }, viewer)).toMatchObject({ query: { member: irina }, member: { id: irina } })
    expect(await askedMember(world.parts, { member: stranger }, viewer)).toEqual({ query: { member: stranger }, member: undefined })
    expect(await askedMember(world.parts, {}, viewer)).toEqual({ query: {}, member: undefined })
    expect(await searches()).toEqual(before)
  })
})
