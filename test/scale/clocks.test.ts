import { createApp } from '../../src/app'
import { recoverPayments } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { SECOND } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { startWorker } from '../../src/worker'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { Browser } from '../support/browser'
import { ENGINES } from '../support/databases'
import { listenOn } from '../support/listen'
import type { Listener } from '../support/listen'
import { MovableClock, PASSWORD, World } from '../support/world'
import { until } from '../support/until'
import { alertsAbout, paymentOf, strikes } from '../payments/steps'

/** A process on another host than the world's own gateway, with a clock of its own that is watched as a host's is. */
interface Host {
  readonly parts: Parts
  readonly clock: MovableClock
  readonly web: Listener
  close(): Promise<void>
}

async function openHost(world: World, faultPoint?: (step: FaultPoint) => Promise<void> | void): Promise<Host> {
  const [clock, web] = [new MovableClock(), await listenOn()]
  const replacements = { clock, watchClock: true, log: createLog('silent'), ...(faultPoint ? { faultPoint } : {}) }
  const parts = buildParts({ ...world.parts.config, publicUrl: new URL(web.url) }, replacements)
  web.serve(createApp(parts).app)
  const close = async (): Promise<void> => {
    await web.close()
    await parts.close()
  }
  return { parts, clock, web, close }
}

async function readiness(host: Host): Promise<{ status: number; clock: string }> {
  const { status, html } = await new Browser(host.web.url).open('/readyz')
  return { status, clock: (JSON.parse(html) as { checks: { clock: string } }).checks.clock }
}

describe.each(ENGINES)('the clock of a host is off on %s', (engine) => {
  let world: World
  let host: Host
  beforeAll(async () => {
    world = await World.make({ engine })
    host = await openHost(world)
  })
  afterAll(async () => {
    await host.close()
    await world.close()
  })

  if (engine === 'sqlite') {
    test('there is no other clock to compare it with, so it is taken as it is', async () => {
      host.clock.move(3_600 * SECOND)
      expect(await readiness(host)).toEqual({ status: 200, clock: 'ok' })
    })
    return
  }

  test('by a few seconds at most it is ready; beyond that it says by how many', async () => {
    for (const { seconds, says } of [
      { seconds: 0, says: 'ok' },
      { seconds: 4, says: 'ok' },
      { seconds: -4, says: 'ok' },
      { seconds: 9, says: "9 seconds ahead of the database's clock" },
      { seconds: -9, says: "9 seconds behind the database's clock" },
      { seconds: 315_360_000, says: "315360000 seconds ahead of the database's clock" },
    ]) {
      host.clock.move(seconds * SECOND)
      expect(await readiness(host)).toEqual({ status: says === 'ok' ? 200 : 503, clock: says })
      host.clock.move(-seconds * SECOND)
    }
    expect(await readiness(host)).toEqual({ status: 200, clock: 'ok' })
  })

  test('its worker takes up nothing and tells; set right, it goes on', async () => {
    const subject = `host:${host.parts.instance.split(':')[0] ?? ''}`
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await world.db('alerts').delete()
    host.clock.move(3_600 * SECOND)
    const worker = startWorker(host.parts)
    await until(async () => (await alertsAbout(world, subject)).length > 0)
    await worker.stop()
    expect(await alertsAbout(world, subject)).toEqual(['clock_off'])
    expect(await paymentOf(world, invoice)).toMatchObject({ state: 'confirming', attempts: 1 })

    host.clock.move(-3_600 * SECOND)
    const again = startWorker(host.parts)
    await until(async () => (await paymentOf(world, invoice)).state === 'captured')
    await again.stop()
    expect(await world.findings()).toEqual([])
  })

  test('two hosts as far apart as they may be do not take each other for dead', async () => {
    let isHeld: () => void = () => undefined
    let goOn: () => void = () => undefined
    const holding = new Promise<void>((resolve) => (isHeld = resolve))
    const faultPoint = (step: FaultPoint): Promise<void> | void => {
      if (step !== 'after-hold') return
      isHeld()
      return new Promise((resolve) => (goOn = resolve))
    }
    const slow = await openHost(world, faultPoint)
    slow.clock.move(-5 * SECOND)
    host.clock.move(5 * SECOND)
    const boris = await world.member({ points: '500.00' })
    const browser = new Browser(slow.web.url)
    const arrival = await browser.open(`/pay?invoiceId=${(await world.sandbox.invoice({ amount: '50.00' })).id}`)
    const paid = browser.submit(await browser.submit(arrival, '/sign-in', { login: boris.login, password: PASSWORD }), /\/confirm$/)
    await holding
    expect(await recoverPayments(host.parts)).toBe(0)
    goOn()
    expect((await paid).state).toBe('paid')
    host.clock.move(-5 * SECOND)
    await slow.close()
  })
})
