import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findLostPayments } from '../../src/reconciliation'
import { run, workFolder } from '../config/run'
import type { Ended } from '../config/run'
import { paymentOf } from '../payments/steps'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

describe('reconciliation and payments by the command line', () => {
  const folder = workFolder()
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make()
    // The sandbox begins with an invoice that is paid.
    for (const { invoiceId } of (await findLostPayments(world.parts)).differences)
      await world.sandbox.change({ id: invoiceId }, { status: 'pending' })
    anna = await world.member({ points: '500.00' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
    folder.remove()
  })

  const cancelled = async (amount: string): Promise<SandboxInvoice> => {
    const invoice = await world.sandbox.invoice({ amount })
    await anna.pays(invoice)
    await world.sandbox.cancelByMerchant(invoice)
    return invoice
  }
  const gateway = (...args: string[]): Promise<Ended> => {
    const { databaseUrl, invoicebox } = world.parts.config
    const env = {
      MODE: 'sandbox',
      DATABASE_URL: databaseUrl,
      INVOICEBOX_API_URL: invoicebox.apiUrl,
      INVOICEBOX_TOKEN: invoicebox.token,
      TWO_EYES_POINTS: '150',
    }
    return run(args, { cwd: folder.path, env })
  }

  test('`reconcile --resolve` gives back what one person may give back, and leaves the rest to a second one', async () => {
    const [small, large] = [await cancelled('100.00'), await cancelled('200.00')]
    const { code, out, err } = await gateway('reconcile', '--resolve', '--json')
    expect([code, err]).toEqual([1, ''])
    const { checked, differences } = JSON.parse(out) as { checked: number; differences: { invoiceId: string; resolved: boolean }[] }
    expect(checked).toBe(2)
    expect(differences.map(({ invoiceId, resolved }) => [invoiceId, resolved]).sort()).toEqual(
      [
        [small.id, true],
        [large.id, false],
      ].sort(),
    )
    const payment = await paymentOf(world, large)
    const waits = await gateway('payments', 'reverse', payment.id, '--reason', 'the shop has cancelled', '--json')
    expect([waits.code, JSON.parse(waits.out)]).toEqual([3, { waiting: expect.any(String) as string }])
    expect([(await paymentOf(world, small)).state, (await paymentOf(world, large)).state]).toEqual(['reversed', 'captured'])
  }, 60_000)

  test('`reconcile --statement` compares a file, and tells the faults of one that cannot be used', async () => {
    writeFileSync(join(folder.path, 'good.csv'), `date;operation;amount\n2020-01-01;balance;0.00\n2020-01-02;T-1;-5,00\n`)
    const good = await gateway('reconcile', '--statement', 'good.csv')
    expect([good.code, good.err]).toEqual([1, ''])
    expect(good.out).toMatch(/5\.00 RUB taken for operation T-1 .+\n2 lines compared, one difference\.\n$/)
    writeFileSync(join(folder.path, 'bad.csv'), 'date;amount\nnever;1\n')
    expect(await gateway('reconcile', '--statement', 'bad.csv')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('Line 2: "never" is not a date.') as string,
    })
  }, 60_000)
})
