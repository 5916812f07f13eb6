import { randomUUID } from 'node:crypto'
import { contactsStamp, organisationsOf, readAssigned, requireOrganisation, setContacts, stampOf, switchAutopay } from '../../src/autopay'
import type { Organisation, OrganisationPayload } from '../../src/autopay'
import { WeighsMore } from '../../src/approvals'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Approver, Author, StaffActor } from '../../src/shared/actor'
import { disableStaff } from '../../src/staff'
import type { Parts } from '../../src/wiring'
import { ENGINES } from '../support/databases'
import { found, hire, makeOffice } from './office'

describe.each(ENGINES)('organisations on %s', (engine) => {
  let parts: Parts
  let close: () => Promise<void>
  let olga: StaffActor
  let adam: StaffActor

  beforeAll(async () => {
    ;({ parts, close } = await makeOffice(engine))
    ;[olga, adam] = [await hire(parts, 'operator'), await hire(parts, 'approver')]
  })
  afterAll(() => close())

  const code = (error: string) => ({ code: error })
  const read = (id: string): Promise<Organisation> => requireOrganisation(parts.db, COMMAND_LINE, id)
  const change = async (of: Organisation, changes: Partial<OrganisationPayload>, author: Author = olga) => {
    const staff = (await readAssigned(parts.db, of.id)).join(' ')
    const payload = {
      organisationId: of.id,
      name: of.name,
      vatNumber: of.vatNumber,
      perDay: null,
      perMonth: null,
      steps: '',
      staff,
      ...changes,
    }
    return (await parts.approvals.submit(parts.deeds.organisations.change, { payload, author, reason: 'test', key: randomUUID() })).state
  }

  test('is off when it is new, seen by whoever added it, by admins and auditors, and by nobody else', async () => {
    const romashka = await found(parts, olga)
    expect(romashka).toMatchObject({ isOn: false, autopay: { state: 'off', at: null, by: null } })
    expect(await readAssigned(parts.db, romashka.id)).toEqual([olga.id])
    const sees = async (who: Author): Promise<boolean> => (await organisationsOf(parts.db, who)).some(({ id }) => id === romashka.id)
    const others = [await hire(parts, 'operator'), await hire(parts, 'approver'), await hire(parts, 'support'), await hire(parts, 'viewer')]
    expect(await Promise.all([olga, ...others].map(sees))).toEqual([true, false, false, false, false])
    expect(await Promise.all([COMMAND_LINE, await hire(parts, 'admin'), await hire(parts, 'auditor')].map(sees))).toEqual([
      true,
      true,
      true,
    ])
    expect(await sees({ kind: 'member', id: olga.id, login: 'x' })).toBe(false)
    await expect(requireOrganisation(parts.db, adam, romashka.id)).rejects.toMatchObject(code('not_found'))
    expect(await change(romashka, { staff: [olga.id, adam.id].join(' ') })).toBe('done')
    expect(await sees(adam)).toBe(true)
  })

  test('a foreign organisation cannot be changed, and a tax number belongs to one', async () => {
    const [first, second] = [await found(parts, COMMAND_LINE), await found(parts, olga)]
    await expect(change(first, { name: 'Моё' })).rejects.toMatchObject(code('not_found'))
    await expect(change(second, { vatNumber: first.vatNumber }, COMMAND_LINE)).resolves.toBe('waiting')
    await expect(found(parts, olga, { vatNumber: first.vatNumber })).rejects.toMatchObject({ code: 'bad_input', detail: 'vatNumber' })
    await expect(found(parts, adam)).rejects.toMatchObject(code('forbidden'))
    for (const vatNumber of ['123', '77100441401', 'abcdefghij'])
      await expect(found(parts, olga, { vatNumber })).rejects.toMatchObject({ code: 'bad_input', detail: 'vatNumber' })
  })

  test('a raised budget counts as what it comes to, however small the step; lifting one takes two people, lowering one does not', async () => {
    const one = await found(parts, olga, { perDay: '1000.00', perMonth: '50000' })
    const budgets = { perDay: '1000.00', perMonth: '50000.00' }
    expect(await change(one, { ...budgets, perDay: '10000.00' })).toBe('done')
    expect(await change(one, { ...budgets, perDay: '10000.01' })).toBe('waiting')
    expect(await change(one, { ...budgets, perMonth: '50000.01', perDay: '10000' })).toBe('waiting')
    expect(await change(one, { ...budgets, perDay: '5', perMonth: null })).toBe('waiting')
    expect(await change(one, { perDay: '5', perMonth: '7' })).toBe('done')
    expect(await read(one.id)).toMatchObject({ perDay: 500n, perMonth: 700n })
    const facts = (await parts
      .db('audit_log')
      .where({ subject: `organisation:${one.id}`, action: 'organisation_changed' })
      .orderBy('id')) as { before: string; after: string }[]
    expect(facts.map(({ after }) => (JSON.parse(after) as { perDay: string }).perDay)).toEqual(['10000.00 RUB', '5.00 RUB'])
  })

  test('a budget is weighed anew when it is written: what others set meanwhile is not undone by one person', async () => {
    const one = await found(parts, olga)
    const { change: deed } = parts.deeds.organisations
    const { id: organisationId, name, vatNumber } = one
    const payload = { organisationId, name, vatNumber, perDay: null, perMonth: null, steps: '', staff: olga.id }
    const weighed = await deed.weigh(payload)
    expect(weighed).toBe('never')
    expect(await change(one, { perDay: '1000.00' })).toBe('done')
    const by = { author: olga, reason: 'test', key: randomUUID(), weighed }
    await expect(deed.perform(payload, by)).rejects.toBeInstanceOf(WeighsMore)
    expect((await read(one.id)).perDay).toBe(100_000n)
    // Here without the request that they would have agreed to.
    const agreeing = adam as Approver
    // With a second person it is done, whatever it weighs by then. The same form again says so, and what was done since stays.
    expect(
      await deed.perform(payload, { author: olga, reason: 'test', key: 'agreed', approvedBy: agreeing }).then(() => read(one.id)),
    ).toMatchObject({
      perDay: null,
    })
    expect(await change(one, { perDay: '1000.00' })).toBe('done')
    await deed.perform(payload, { author: olga, reason: 'test', key: 'agreed', approvedBy: agreeing })
    expect((await read(one.id)).perDay).toBe(100_000n)
  })

  test('of two forms that add one organisation the second is a change', async () => {
    const organisationId = randomUUID()
    const { change: deed } = parts.deeds.organisations
    const payload = { organisationId, name: 'ООО', vatNumber: '7899999901', perDay: null, perMonth: null, steps: '', staff: olga.id }
    const weighed = await deed.weigh(payload)
    await found(parts, olga, { organisationId, vatNumber: '7899999901', perDay: '1.00' })
    const by = { author: olga, reason: 'test', key: randomUUID(), weighed }
    await expect(deed.perform(payload, by)).rejects.toBeInstanceOf(WeighsMore)
    expect((await read(organisationId)).perDay).toBe(100n)
  })

  test('a form that was opened before somebody else’s change is refused, so that no budget comes back by a change of the name', async () => {
    const one = await found(parts, olga, { perDay: '5000.00', staff: adam.id })
    const before = await read(one.id)
    const basedOn = stampOf(one, await readAssigned(parts.db, one.id))
    expect(await change(one, { perDay: '1000.00', basedOn })).toBe('done')
    const { change: deed } = parts.deeds.organisations
    const stale = { organisationId: one.id, name: 'ООО «Новое»', vatNumber: one.vatNumber, perDay: '5000.00', perMonth: null, steps: '' }
    const payload = { ...stale, staff: `${olga.id} ${adam.id}`, basedOn }
    await expect(deed.preview(payload)).rejects.toMatchObject(code('organisation_changed'))
    await expect(change(one, payload)).rejects.toMatchObject(code('organisation_changed'))
    await expect(change(one, { basedOn: 'new' })).rejects.toMatchObject(code('organisation_changed'))
    // The audit log masks a sole proprietor; a form must notice that somebody else has changed the name all the same.
    const [anna, alla] = ['ИП Анна', 'ИП Алла'].map((name) => stampOf({ ...before, name, vatNumber: '500100732259' }, []))
    expect(anna).not.toBe(alla)
    // A request that waits says what it was based on as well: the change it was made of may be gone by the time it is approved.
    const seen = stampOf(await read(one.id), [olga.id, adam.id])
    const big = { payload: { ...payload, perDay: '20000.00', basedOn: seen }, author: olga, reason: 'test', key: randomUUID() }
    const submitted = await parts.approvals.submit(deed, big)
    if (submitted.state !== 'waiting') throw new Error('It was done at once')
    expect(await change(one, { perDay: '500.00' })).toBe('done')
    expect(await parts.approvals.approve(submitted.request.id, adam)).toMatchObject({ outcome: 'organisation_changed' })
    expect((await read(one.id)).perDay).toBe(50_000n)
  })

  test('a form that is sent again undoes nothing that was done since', async () => {
    const one = await found(parts, olga)
    const { id: organisationId, name, vatNumber } = one
    const payload = { organisationId, name, vatNumber, perDay: '4000.00', perMonth: null, steps: '', staff: olga.id }
    const order = { payload, author: olga, reason: 'test', key: randomUUID() }
    const send = async () => (await parts.approvals.submit(parts.deeds.organisations.change, order)).state
    expect(await send()).toBe('done')
    expect(await change(one, { perDay: '1000.00' })).toBe('done')
    expect(await send()).toBe('done')
    expect((await read(one.id)).perDay).toBe(100_000n)
    // One that found nothing to change says so again, and does not do now what it had no need to do then.
    Object.assign(order, { key: randomUUID(), payload: { ...payload, perDay: '1000.00' } })
    expect(await send()).toBe('done')
    expect(await change(one, { perDay: '700.00' })).toBe('done')
    expect(await send()).toBe('done')
    expect((await read(one.id)).perDay).toBe(70_000n)
  })

  test('the form that adds one, sent twice at one moment, adds one and is told as done both times', async () => {
    for (let rounds = 0; rounds < 5; rounds++) {
      const [organisationId, key] = [randomUUID(), randomUUID()]
      const body = { name: 'ООО', vatNumber: String(5_000_000_000 + rounds), perDay: null, perMonth: null, steps: '', staff: '' }
      const order = { payload: { organisationId, basedOn: 'new', ...body }, author: olga, reason: 'test', key }
      const send = () => parts.approvals.submit(parts.deeds.organisations.change, order).then(({ state }) => state)
      expect(await Promise.all([send(), send(), send()])).toEqual(['done', 'done', 'done'])
      expect(await parts.db('audit_log').where({ subject: `organisation:${organisationId}` })).toHaveLength(1)
    }
  })

  test('who signs is changed by two, and only staff who are assigned and may approve can sign', async () => {
    const one = await found(parts, olga, { staff: adam.id, steps: `1000.00 ${adam.id}` })
    expect(one.steps).toEqual([{ from: 100_000n, approvers: [adam.id] }])
    expect(await change(one, { steps: `1000.00 ${adam.id}; 5000.00 ${adam.id}` })).toBe('waiting')
    expect(await change(one, { steps: `1000.00 ${adam.id}` })).toBe('done')
    const viewer = await hire(parts, 'viewer')
    for (const steps of [`1 ${viewer.id}`, `1 ${randomUUID()}`, `1 ${(await hire(parts, 'approver')).id}`])
      await expect(change(one, { steps, staff: `${adam.id} ${viewer.id}` })).rejects.toMatchObject({ code: 'bad_input', detail: 'steps' })
    for (const steps of ['x', '1', `5 ${adam.id}; 4 ${adam.id}`])
      await expect(change(one, { steps })).rejects.toMatchObject({ code: 'bad_input', detail: 'steps' })
    const gone = await hire(parts, 'approver')
    await disableStaff(parts.staff, gone.id, { author: COMMAND_LINE, reason: 'left' })
    await expect(change(one, { staff: gone.id })).rejects.toMatchObject({ code: 'bad_input', detail: 'staff' })
  })

  test('addresses are kept, and no audit row says which', async () => {
    const one = await found(parts, olga)
    await setContacts(parts, {
      organisationId: one.id,
      contacts: ['buh@romashka.example', 'buh@romashka.example'],
      author: olga,
      reason: 'test',
    })
    expect((await read(one.id)).contacts).toEqual(['buh@romashka.example'])
    for (const contacts of [['nobody'], [`${'a'.repeat(65)}@b.example`], Array.from({ length: 11 }, (_, index) => `a${index}@b.example`)])
      await expect(setContacts(parts, { organisationId: one.id, contacts, author: olga, reason: 'test' })).rejects.toMatchObject({
        detail: 'contacts',
      })
    await expect(setContacts(parts, { organisationId: one.id, contacts: [], author: adam, reason: 'x' })).rejects.toMatchObject(
      code('forbidden'),
    )
    expect(JSON.stringify(await parts.db('audit_log'))).not.toContain('romashka.example')
    expect(await change(one, { name: 'Другое имя' })).toBe('done')
    expect((await read(one.id)).contacts).toEqual(['buh@romashka.example'])
  })

  test('a form of addresses that comes late, or of a page that is not true any more, overwrites nothing', async () => {
    const one = await found(parts, olga)
    const set = (contacts: string[], more: { key?: string; basedOn?: string } = {}) =>
      setContacts(parts, { organisationId: one.id, contacts, author: olga, reason: 'test', ...more })
    const [key, none] = [randomUUID(), contactsStamp([])]
    await set(['a@b.example'], { key, basedOn: none })
    await set(['a@b.example'], { key, basedOn: none })
    await expect(set(['c@d.example'], { basedOn: none })).rejects.toMatchObject(code('organisation_changed'))
    await set([])
    await expect(set(['a@b.example'], { key, basedOn: none })).rejects.toMatchObject(code('key_reused'))
    expect((await read(one.id)).contacts).toEqual([])
    const idle = randomUUID()
    await set([], { key: idle })
    await set(['e@f.example'])
    await expect(set([], { key: idle })).rejects.toMatchObject(code('key_reused'))
    const rows = (await parts
      .db('audit_log')
      .where({ subject: `organisation:${one.id}`, action: 'organisation_contacts_set' })
      .orderBy('id')) as {
      before: string
      after: string
    }[]
    expect(rows.map(({ before, after }) => `${before} ${after}`)).toEqual([
      '{"contacts":"0"} {"contacts":"1"}',
      '{"contacts":"1"} {"contacts":"0"}',
      '{"contacts":"0"} {"contacts":"1"}',
    ])
  })

  test('of two who set addresses at once from one page, one is refused', async () => {
    const one = await found(parts, olga)
    const basedOn = contactsStamp([])
    const both = ['a@b.example', 'c@d.example'].map((address) =>
      setContacts(parts, { organisationId: one.id, contacts: [address], author: olga, reason: 'test', key: randomUUID(), basedOn }),
    )
    const refused = (await Promise.allSettled(both)).filter(({ status }) => status === 'rejected')
    expect(refused).toMatchObject([{ reason: { code: 'organisation_changed' } }])
  })

  test('the switch turns one organisation, or all that somebody sees; stopping is for more people than starting', async () => {
    const [one, two, foreign] = [
      await found(parts, olga, { staff: adam.id }),
      await found(parts, olga, { staff: adam.id }),
      await found(parts, COMMAND_LINE),
    ]
    const states = (): Promise<string[]> => Promise.all([one, two, foreign].map(async ({ id }) => (await read(id)).autopay.state))
    const turn = (state: 'on' | 'off' | 'stopped', author: Author, organisationId?: string) =>
      switchAutopay(parts, { state, organisationId, author, reason: 'test' })
    await turn('on', olga)
    expect(await states()).toEqual(['on', 'on', 'off'])
    expect((await read(one.id)).autopay).toMatchObject({ by: `staff:${olga.id}`, at: expect.any(Date) as Date })
    await turn('stopped', adam, two.id)
    expect(await states()).toEqual(['on', 'stopped', 'off'])
    await expect(turn('on', adam)).rejects.toMatchObject(code('forbidden'))
    await expect(turn('stopped', adam, foreign.id)).rejects.toMatchObject(code('not_found'))
    await expect(turn('stopped', await hire(parts, 'viewer'))).rejects.toMatchObject(code('forbidden'))
    expect(await turn('on', olga, two.id)).toEqual([two.id])
    expect(await turn('on', olga, two.id)).toEqual([])
    await turn('stopped', COMMAND_LINE)
    expect(await states()).toEqual(['stopped', 'stopped', 'stopped'])
    await turn('off', olga, one.id)
    expect(await states()).toEqual(['off', 'stopped', 'stopped'])
    const rows = (await parts
      .db('audit_log')
      .where({ subject: `organisation:${two.id}`, action: 'autopay_switched' })
      .orderBy('id')) as { before: string; after: string }[]
    expect(rows.map(({ before, after }) => `${before} ${after}`)).toEqual([
      '{"autopay":"off"} {"autopay":"on"}',
      '{"autopay":"on"} {"autopay":"stopped"}',
      '{"autopay":"stopped"} {"autopay":"on"}',
      '{"autopay":"on"} {"autopay":"stopped"}',
    ])
  })
})
