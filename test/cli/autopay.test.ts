import { run, workFolder } from '../config/run'
import { bill, company, rule } from '../autopay/organisations'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

describe('automatic payment at the command line', () => {
  const folder = workFolder()
  let world: World
  beforeAll(async () => {
    world = await World.make()
  })
  afterAll(async () => {
    folder.remove()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const gateway = (...args: string[]) => {
    const { apiUrl, token } = world.parts.config.invoicebox
    const env = {
      MODE: 'sandbox',
      DATABASE_URL: world.databaseUrl,
      INVOICEBOX_API_URL: apiUrl,
      INVOICEBOX_TOKEN: token,
      GATEWAY_PASSWORD: PASSWORD,
    }
    return run(['autopay', ...args], { cwd: folder.path, env })
  }

  test('the plan pays nothing; a run pays, and says so as one JSON value with progress beside it', async () => {
    const acme = await company(world)
    await rule(world, acme, { description: 'Аренда' })
    const rent = await bill(world, acme, { amount: '1500.00', description: 'Аренда', number: '417-1' })
    await bill(world, acme, { amount: '10.00', description: 'Разное', number: '418-1' })
    const odd = await bill(world, acme, { amount: '5.00', number: '418-2' })
    await world.sandbox.change(odd, { amountRaw: '0.005' })
    const plan = JSON.parse((await gateway('plan', '--json')).out) as { items: { decision: string }[]; fund: string; fundAfter: string }
    const waits = [
      expect.objectContaining({ number: '418-1', decision: 'hold' }),
      expect.objectContaining({
        invoiceId: odd.id,
        amount: null,
        decision: 'hold',
        why: [expect.stringMatching(/^The invoice cannot be understood: .+/)],
      }),
    ]
    const paid = [expect.objectContaining({ invoiceId: rent.id, amount: '1500.00', decision: 'pay' })]
    expect(plan).toMatchObject({ run: null, paid, waiting: waits, refused: [], fund: '1000000.00', fundAfter: '998500.00' })
    expect(plan.items.map(({ decision }) => decision)).toEqual(['pay', 'hold', 'hold'])
    expect(await world.sandbox.operationsOn(rent)).toEqual([])

    const ran = await gateway('run', '--organisation', acme.vatNumber, '--json')
    expect([ran.code, ran.err.includes('paying, 0 tried, of 1')]).toEqual([0, true])
    const item = { invoiceId: rent.id, number: '417-1', amount: '1500.00', decision: 'pay', why: expect.any(Array) as string[] }
    expect(JSON.parse(ran.out)).toEqual({
      run: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      paid: [item],
      waiting: waits,
      refused: [],
    })
    expect((JSON.parse(ran.out) as { paid: { why: string[] }[] }).paid[0]?.why.at(-1)).toBe('Automatic payment is on')
    expect(JSON.parse((await gateway('run', '--invoice', rent.id, '--json')).out)).toMatchObject({ paid: [], waiting: [], refused: [] })
    expect(await gateway('run', '--organisation', '7700000000')).toMatchObject({ code: 1 })
    for (const command of ['plan', 'run']) {
      const { code, err } = await gateway(command, '--invoice', 'nonsense')
      expect([command, code, err.includes('not_found')]).toEqual([command, 1, true])
    }
    const added = await gateway('organisations', 'add', '7710044140', '--name', 'x', '--per-day', 'abc')
    expect([added.code, added.err]).toEqual([1, expect.stringContaining('--per-day')])
  })

  test('the plan of a person has the invoices of their organisations alone, and the fund for those who may see it', async () => {
    const [theirs, foreign] = [await company(world), await company(world)]
    await bill(world, theirs, { amount: '20.00', number: '419-1' })
    await bill(world, foreign, { amount: '30.00', number: '419-2' })
    const support = await StaffPerson.make(world, 'support')
    await world.db('organisation_staff').insert({ organisation_id: theirs.id, staff_id: support.actor.id })
    const plan = await gateway('plan', '--json', '--as', support.actor.login)
    expect(plan.code).toBe(0)
    const { items, ...others } = JSON.parse(plan.out) as { items: { number: string }[] }
    expect(items.map(({ number }) => number)).toEqual(['419-1'])
    expect(Object.keys(others)).toEqual(['run', 'paid', 'waiting', 'refused'])
  })
})
