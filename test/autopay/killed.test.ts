import { listItems, readRun, runOnSchedule, syncPayments } from '../../src/autopay'
import type { FaultPoint } from '../../src/payments'
import { ENGINES } from '../support/databases'
import { startGateway } from '../support/gateway-process'
import { World } from '../support/world'
import { bothFunds, paymentOf, settled } from '../payments/steps'
import { until } from '../support/until'
import { bill, company, rule, runs, told } from './organisations'

const STEPS: readonly FaultPoint[] = ['after-hold', 'after-answer']

describe.each(ENGINES)('a process that pays invoices is killed on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  // What the database does at a step is the same at each, so the second engine tries one.
  test.each(engine === 'sqlite' ? STEPS : STEPS.slice(0, 1))(
    '%s: the next worker takes the run over, and each invoice is paid once',
    async (diesAt) => {
      // Another minute than the test before: a moment of the schedule is used once.
      await world.passes(61_000)
      const acme = await company(world)
      await rule(world, acme)
      const invoices = await Promise.all([1, 2, 3, 4].map((index) => bill(world, acme, { amount: `${index}00.00` })))
      const env = { AUTOPAY_SCHEDULE: '* * * * *' }
      const clockOffsetMs = world.clock.now().getTime() - Date.now()
      const worker = await startGateway(world, { role: 'worker', diesAt, env, clockOffsetMs })
      expect(await worker.ended).toBe('SIGKILL')
      const left: { id: string } = await world.db('autopay_runs').where({ state: 'running' }).first('id')
      expect(left).toBeDefined()
      expect(await runOnSchedule(world.parts, null)).toBe(0)

      await world.passes(20_000)
      expect(await runOnSchedule(world.parts, null)).toBe(1)
      for (const invoice of invoices) {
        expect((await settled(world, invoice)).state).toBe('captured')
        expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
      }
      await syncPayments(world.db, world.clock.now())
      expect(await world.db('autopay_runs').where({ id: left.id }).first('state')).toEqual({ state: 'done' })
      expect((await world.db('autopay_run_items').where({ run_id: left.id, outcome: 'paid' })).length).toBe(4)
      const kept: { id: string }[] = await world.db('autopay_decisions').where({ run_id: left.id, kind: 'pay' }).select('id')
      const decisions = kept.map(({ id }) => id)
      for (const invoice of invoices) {
        const { id } = await paymentOf(world, invoice)
        const row: { consent_id: string } = await world.db('payments').where({ id }).first('consent_id')
        expect(decisions).toContain(row.consent_id)
      }
      const { ours, theirs } = await bothFunds(world)
      expect(ours).toBe(theirs)
    },
  )

  test('before it has kept anything: the next run ends it without a word about invoices, and pays', async () => {
    await world.passes(61_000)
    const acme = await company(world)
    await rule(world, acme)
    const invoice = await bill(world, acme, { amount: '500.00' })
    await world.sandbox.misbehave({ on: 'business.list', kind: 'delay', ms: 60_000, times: 1 })
    const clockOffsetMs = world.clock.now().getTime() - Date.now()
    const worker = await startGateway(world, { role: 'worker', env: { AUTOPAY_SCHEDULE: '* * * * *' }, clockOffsetMs })
    const dead = async (): Promise<{ id: string } | undefined> => world.db('autopay_runs').where({ state: 'running' }).first('id')
    await until(async () => (await dead()) !== undefined, 'the run')
    worker.child.kill('SIGKILL')
    await worker.ended
    const { id } = (await dead()) as { id: string }
    await world.sandbox.behave()

    await world.passes(20_000)
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
    expect(await readRun(world.db, id)).toMatchObject({ state: 'failed', problem: 'its process ended', listed: 0, total: 0, done: 0 })
    expect(told(await listItems(world.db, id, {}, { limit: 10 }), invoice)).toBe('absent')
    expect(await world.db('autopay_outbox').where({ source: id, organisation_id: acme.id })).toEqual([])
  })
})
