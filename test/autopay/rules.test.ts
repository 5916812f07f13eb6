import { randomUUID } from 'node:crypto'
import {
  exportRules,
  noteTried,
  organisationsOf,
  pageRules,
  parseRuleFile,
  readRule,
  readRules,
  readVersions,
  refuseUnlessOn,
  removeRule,
  requireRule,
  switchAutopay,
  switchRule,
  writeRuleFile,
} from '../../src/autopay'
import { ruleStamp } from '../../src/autopay/switch'
import type { FlatRule, Organisation } from '../../src/autopay'
import type { StaffActor } from '../../src/shared/actor'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Parts } from '../../src/wiring'
import { DAY } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import { flat, found, hire, makeOffice } from './office'

describe.each(ENGINES)('rules on %s', (engine) => {
  let parts: Parts
  let close: () => Promise<void>
  let olga: StaffActor
  let adam: StaffActor
  let romashka: Organisation

  beforeAll(async () => {
    ;({ parts, close } = await makeOffice(engine))
    ;[olga, adam] = [await hire(parts, 'operator'), await hire(parts, 'approver')]
    romashka = await found(parts, olga, { staff: adam.id })
  })
  /** A year later, by the database's time: what somebody lets out of several organisations adds up until then. */
  const aYearLater = () => parts.db('done_alone').decrement('at', 366 * DAY)
  beforeEach(async () => {
    await aYearLater()
  })
  afterAll(() => close())

  const submit = (ruleId: string, rule: FlatRule, of: { basedOn?: string; enabled?: boolean; author?: StaffActor } = {}) => {
    const payload = { ruleId, organisationId: romashka.id, basedOn: of.basedOn ?? '0', enabled: of.enabled ?? false, ...rule }
    return parts.approvals.submit(parts.deeds.rules.change, { payload, author: of.author ?? olga, reason: 'test', key: randomUUID() })
  }
  const turnOn = (ruleId: string, version: string) =>
    parts.approvals.submit(parts.deeds.rules.switchOn, { payload: { ruleId, version }, author: olga, reason: 'test', key: randomUUID() })
  const code = (error: unknown) => ({ code: error })
  const says = (text: string) => ({ message: expect.stringContaining(text) as string })

  test('a rule is off until this very version was tried and switched on; a change switches it off again', async () => {
    const id = randomUUID()
    await submit(id, flat({ name: 'Первое' }))
    expect(await readRule(parts.db, id)).toMatchObject({ version: 1, isOn: false, triedAt: null })
    await expect(turnOn(id, '1')).rejects.toMatchObject(code('rule_untried'))
    await noteTried(parts, id, olga)
    expect((await turnOn(id, '1')).state).toBe('done')
    expect(await readRule(parts.db, id)).toMatchObject({ isOn: true, triedAt: expect.any(Date) as Date })
    await submit(id, flat({ name: 'Первое', amountUpTo: '6000' }), { basedOn: '1' })
    expect(await readRule(parts.db, id)).toMatchObject({ version: 2, isOn: false, triedAt: null })
    await expect(turnOn(id, '1')).rejects.toMatchObject(code('rule_changed'))
    await noteTried(parts, id, olga)
    await turnOn(id, '2')
    await switchRule(parts, { ruleId: id, isOn: false }, { author: olga, reason: 'test' })
    expect(await readRule(parts.db, id)).toMatchObject({ version: 2, isOn: false, triedAt: expect.any(Date) as Date })
    const actions = (await parts
      .db('audit_log')
      .where({ subject: `rule:${id}` })
      .orderBy('id')
      .pluck('action')) as string[]
    expect(actions).toEqual([
      'autopay_rule_added',
      'autopay_rule_tried',
      'autopay_rule_switched_on',
      'autopay_rule_changed',
      'autopay_rule_tried',
      'autopay_rule_switched_on',
      'autopay_rule_switched_off',
    ])
  })

  test('each version stays as it was written, and nobody overwrites what they have not seen', async () => {
    const id = randomUUID()
    await submit(id, flat({ name: 'Второе' }))
    await submit(id, flat({ name: 'Второе', description: 'связ*' }), { basedOn: '1' })
    await expect(submit(id, flat({ name: 'Второе', number: '9' }), { basedOn: '1' })).rejects.toMatchObject(code('rule_changed'))
    await submit(id, flat({ name: 'Второе', description: 'связ*' }), { basedOn: '1' })
    expect((await readVersions(parts.db, id)).map(({ version, body, by }) => [version, body.when.description, by])).toEqual([
      [2, 'связ*', `staff:${olga.id}`],
      [1, undefined, `staff:${olga.id}`],
    ])
    await expect(parts.db('autopay_rule_versions').where({ rule_id: id }).update({ body: '{}' })).rejects.toMatchObject(
      says('never changed'),
    )
    await expect(parts.db('autopay_rule_versions').where({ rule_id: id }).delete()).rejects.toMatchObject(says('never changed'))
    await expect(parts.db('autopay_rules').where({ id }).update({ state: 'on' })).rejects.toMatchObject(says('autopay_rules_tried'))
  })

  test('a name is one rule of the organisation, and free again when that is removed', async () => {
    const [first, second] = [randomUUID(), randomUUID()]
    await submit(first, flat({ name: 'Третье' }))
    await expect(submit(second, flat({ name: 'Третье' }))).rejects.toMatchObject({ code: 'bad_input', detail: 'name' })
    await removeRule(parts, first, { author: olga, reason: 'test' })
    await expect(readRule(parts.db, first)).rejects.toMatchObject(code('not_found'))
    await submit(second, flat({ name: 'Третье' }))
    expect(await readVersions(parts.db, first)).toHaveLength(1)
  })

  test.each([
    ['pays up to the amount for one person in a day', { perDay: '10000.00' }, 'done'],
    ['pays more in a day', { perDay: '10000.01', perMonth: '10000.01' }, 'waiting'],
    [
      'pays little each time, and any number of times',
      { amountUpTo: '1.00', perInvoice: '1.00', perPayee: '1.00', perDay: null },
      'waiting',
    ],
    ['pays without any cap', { amountUpTo: null, perDay: null }, 'waiting'],
    ['asks without any cap', { amountUpTo: null, do: 'ask' }, 'done'],
    ['holds without any cap', { amountUpTo: null, do: 'hold' }, 'done'],
  ] as const)('a rule that %s', async (name, of, state) => {
    romashka = await found(parts, olga, { staff: adam.id })
    const id = randomUUID()
    const rule = flat({ name, ...of })
    // A rule that stays off lets nothing out; on at once, as an import wants it, it does.
    expect((await submit(id, rule)).state).toBe('done')
    await noteTried(parts, id, olga)
    expect((await turnOn(id, '1')).state).toBe(state)
    await switchRule(parts, { ruleId: id, isOn: false }, { author: olga, reason: 'test' }).catch(() => undefined)
    const other = randomUUID()
    const submitted = await submit(other, { ...rule, name: `${name} (2)` }, { enabled: true })
    expect(submitted.state).toBe(state)
    if (submitted.state === 'done') return
    await expect(readRule(parts.db, other)).rejects.toMatchObject(code('not_found'))
    await expect(parts.approvals.approve(submitted.request.id, olga)).rejects.toMatchObject(code('forbidden'))
    expect((await parts.approvals.approve(submitted.request.id, adam)).outcome).toBe('done')
    expect(await readRule(parts.db, other)).toMatchObject({ isOn: true, version: 1 })
  })

  test('what counts is what all rules of an organisation that are on let out together, within its budgets', async () => {
    const company = await found(parts, olga, { staff: adam.id })
    romashka = company
    const adds = (name: string, of: Partial<FlatRule>, basedOn = '0', id: string = randomUUID()) =>
      submit(id, flat({ name, ...of }), { enabled: true, basedOn }).then(({ state }) => state)
    const [first, small] = [randomUUID(), randomUUID()]
    expect(await adds('1', { perDay: '6000.00' }, '0', first)).toBe('done')
    expect(await adds('2', { perDay: '4000.00' })).toBe('done')
    expect(await adds('3', { perDay: '0.01' })).toBe('waiting')
    expect(await adds('4', { perDay: null, do: 'ask' })).toBe('done')
    // Off it may be written; switched on it counts.
    await submit(small, flat({ name: '5', perDay: '2.00' }))
    await noteTried(parts, small, olga)
    expect((await turnOn(small, '1')).state).toBe('waiting')
    // Less of what is on already is one person's to do; the same amount by other words is not, since it may be other invoices.
    await parts.db('autopay_rules').where({ id: small }).update({ state: 'on' })
    expect(await adds('1', { perDay: '5999.00' }, '1', first)).toBe('done')
    expect(await adds('1', { perDay: '5999.00', description: 'новое' }, '2', first)).toBe('waiting')
    expect(await adds('1', { perDay: '6000.00' }, '2', first)).toBe('waiting')
    // The budget bounds them all.
    const change = {
      organisationId: company.id,
      name: company.name,
      vatNumber: company.vatNumber,
      steps: '',
      staff: `${olga.id} ${adam.id}`,
    }
    const payload = { ...change, perDay: '9000.00', perMonth: null }
    await parts.approvals.submit(parts.deeds.organisations.change, { payload, author: olga, reason: 'test', key: randomUUID() })
    expect(await adds('6', { perDay: '5000.00' })).toBe('done')
    romashka = await found(parts, olga, { staff: adam.id })
  })

  test('rules that are switched on at one moment, or imported, are weighed together: what is too much waits', async () => {
    romashka = await found(parts, olga, { staff: adam.id })
    const ids = Array.from({ length: 4 }, () => randomUUID())
    for (const id of ids) {
      await submit(id, flat({ name: id, perDay: '4000.00' }))
      await noteTried(parts, id, olga)
    }
    const isOn = async (): Promise<number> => (await readRules(parts.db, [romashka.id])).filter((rule) => rule.isOn).length
    expect((await Promise.all(ids.map((id) => turnOn(id, '1')))).map(({ state }) => state).sort()).toEqual([
      'done',
      'done',
      'waiting',
      'waiting',
    ])
    expect(await isOn()).toBe(2)
    await aYearLater()
    romashka = await found(parts, olga, { staff: adam.id })
    const imported = await Promise.all(ids.map((id) => submit(randomUUID(), flat({ name: id, perDay: '4000.00' }), { enabled: true })))
    expect(imported.map(({ state }) => state).sort()).toEqual(['done', 'done', 'waiting', 'waiting'])
    expect(await isOn()).toBe(2)
    romashka = await found(parts, olga, { staff: adam.id })
  })

  test('a form that switches a rule on, sent again, does nothing to what was switched off since', async () => {
    const id = randomUUID()
    await submit(id, flat({ name: 'Снова' }))
    await noteTried(parts, id, olga)
    const [again, tried] = [randomUUID(), { ruleId: id, organisationId: romashka.id, basedOn: '1', ...flat({ name: 'Снова' }) }]
    const turnsOn = async () => {
      const order = { payload: { ruleId: id, version: '1' }, author: olga, reason: 'test', key: again }
      return (await parts.approvals.submit(parts.deeds.rules.switchOn, order)).state
    }
    const imports = async () => {
      const order = { payload: { ...tried, enabled: true }, author: olga, reason: 'test', key: `${again}-import` }
      return (await parts.approvals.submit(parts.deeds.rules.change, order)).state
    }
    for (const send of [turnsOn, imports]) {
      expect(await send()).toBe('done')
      expect(await readRule(parts.db, id)).toMatchObject({ isOn: true })
      await switchRule(parts, { ruleId: id, isOn: false }, { author: olga, reason: 'test' })
      expect(await send()).toBe('done')
      expect(await readRule(parts.db, id)).toMatchObject({ isOn: false })
    }
  })

  test('a list of any length is read a page at a time, the first to apply first', async () => {
    const [one, two] = [await found(parts, olga, { staff: adam.id }), await found(parts, olga, { staff: adam.id })]
    for (const [n, of] of [one, two, one, two, one].entries()) {
      romashka = of
      await submit(randomUUID(), flat({ name: `Б ${n % 3}${of === one ? '' : ' x'}`, priority: n === 3 ? '1' : '200' }))
    }
    const all = (await readRules(parts.db, [one.id, two.id])).map(({ id }) => id)
    const pages: string[][] = []
    for (let after: string | undefined; pages.flat().length < 5; after = pages.at(-1)?.at(-1))
      pages.push((await pageRules(parts.db, [one.id, two.id], { after, limit: 2 })).map(({ id }) => id))
    expect(pages).toEqual([all.slice(0, 2), all.slice(2, 4), all.slice(4)])
    expect((await pageRules(parts.db, [one.id], { after: randomUUID(), limit: 9 })).map(({ organisationId }) => organisationId)).toEqual(
      Array(3).fill(one.id),
    )
    expect(await pageRules(parts.db, [], { after: undefined, limit: 9 })).toEqual([])
    romashka = await found(parts, olga, { staff: adam.id })
  })

  test('whoever is not assigned does not even learn that the rule is there; some roles only look', async () => {
    const id = randomUUID()
    await submit(id, flat({ name: 'Чужое' }))
    const stranger = await hire(parts, 'operator')
    await expect(requireRule(parts.db, stranger, id)).rejects.toMatchObject(code('not_found'))
    await expect(submit(id, flat({ name: 'Чужое', do: 'ask' }), { basedOn: '1', author: stranger })).rejects.toMatchObject(
      code('not_found'),
    )
    await expect(noteTried(parts, id, stranger)).rejects.toMatchObject(code('not_found'))
    await expect(removeRule(parts, id, { author: stranger, reason: 'x' })).rejects.toMatchObject(code('not_found'))
    await expect(switchRule(parts, { ruleId: id, isOn: false }, { author: adam, reason: 'x' })).rejects.toMatchObject(code('forbidden'))
    expect(await requireRule(parts.db, await hire(parts, 'auditor'), id)).toMatchObject({ id })
    const { id: organisationId } = await found(parts, stranger)
    const foreign = { ruleId: id, organisationId, basedOn: '1', enabled: false, ...flat({ name: 'Чужое' }) }
    await expect(parts.approvals.look(parts.deeds.rules.change, foreign)).rejects.toMatchObject(code('not_found'))
  })

  test('a hold is refused once its organisation is off or its rule is off or another; a brake waits for a hold under way', async () => {
    const id = randomUUID()
    await submit(id, flat({ name: 'Удержание' }), { enabled: true })
    const among = new Set((await readRules(parts.db, [romashka.id])).filter(({ isOn }) => isOn).map(ruleStamp))
    const hold = { organisationId: romashka.id, ruleId: id, version: 1, among, terms: romashka }
    const check = (of: Partial<typeof hold> = {}) => parts.db.transaction((tx) => refuseUnlessOn(tx, [{ ...hold, ...of }]))
    await expect(check()).rejects.toMatchObject(code('autopay_off'))
    await switchAutopay(parts, { state: 'on', organisationId: romashka.id, author: olga, reason: 'test' })
    await check()
    await expect(check({ terms: { ...romashka, perDay: 1n } })).rejects.toMatchObject(code('autopay_over_limit'))
    await expect(check({ terms: { ...romashka, steps: [{ from: 0n, approvers: [] }] } })).rejects.toMatchObject(code('autopay_not_signed'))
    await expect(check({ terms: { ...romashka, vatNumber: '7700000000' } })).rejects.toMatchObject(code('invoice_not_payable'))
    await expect(check({ version: 2 })).rejects.toMatchObject(code('rule_off'))
    await expect(check({ ruleId: randomUUID() })).rejects.toMatchObject(code('rule_off'))
    await expect(check({ organisationId: randomUUID() })).rejects.toMatchObject(code('autopay_off'))

    const order: string[] = []
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    const holding = parts.db.transaction(async (tx) => {
      await refuseUnlessOn(tx, [hold])
      order.push('checked')
      await held
      order.push('held')
    })
    while (order.length === 0) await new Promise(setImmediate)
    const stopping = switchAutopay(parts, { state: 'stopped', organisationId: romashka.id, author: olga, reason: 'test' }).then(() =>
      order.push('stopped'),
    )
    release()
    await Promise.all([holding, stopping])
    expect(order).toEqual(['checked', 'held', 'stopped'])
    await expect(check()).rejects.toMatchObject(code('autopay_off'))
    await switchAutopay(parts, { state: 'on', organisationId: romashka.id, author: olga, reason: 'test' })
    await switchRule(parts, { ruleId: id, isOn: false }, { author: olga, reason: 'test' })
    await expect(check()).rejects.toMatchObject(code('rule_off'))
  })

  test('what is exported is read back to the same rules', async () => {
    const other = await found(parts, COMMAND_LINE)
    const all = {
      amountFrom: '1.50',
      number: '417-*',
      payerName: 'true',
      description: '"*": [#',
      issuedWithinDays: '5',
      dueWithinDays: '0',
      validFrom: '2026-11-01',
    }
    const payload = {
      ruleId: randomUUID(),
      organisationId: other.id,
      basedOn: '0',
      enabled: false,
      ...flat({ name: '2026', currency: 'RUB', perPayee: '7', perMonth: '8', ...all }),
    }
    await parts.deeds.rules.change.perform(payload, { author: COMMAND_LINE, reason: 'test', key: 'x' })
    const entries = await exportRules(parts, COMMAND_LINE)
    const organisations = (await organisationsOf(parts.db, COMMAND_LINE)).map(({ id }) => id)
    expect(entries).toHaveLength((await readRules(parts.db, organisations)).length)
    expect(entries.some(({ organisation, enabled }) => organisation === other.vatNumber && !enabled)).toBe(true)
    for (const json of [false, true]) expect(parseRuleFile(writeRuleFile(entries, { json }))).toEqual({ ok: true, value: entries })
    expect(await exportRules(parts, COMMAND_LINE, other.id)).toHaveLength(1)
  })
})
