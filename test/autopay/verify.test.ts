import { randomUUID } from 'node:crypto'
import { verifyAutopay } from '../../src/autopay'
import { payForOrganisation } from '../../src/payments'
import { parseMoney } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { bill, company, rule, runs } from './organisations'

describe.each(ENGINES)('the proof of automatic payments on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('finds a payment without a decision, one that counts against no limit, and a count without a payment', async () => {
    const acme = await company(world)
    await rule(world, acme, { description: 'Аренда' })
    await bill(world, acme, { amount: '10.00', description: 'Аренда' })
    const held = await bill(world, acme, { amount: '20.00', description: 'Разное' })
    await runs(world, { organisationId: acme.id })
    expect(await verifyAutopay(world.db)).toEqual([])

    const { outcome, exchange } = await world.parts.invoicebox.listInvoices({ ids: [held.id], page: 1, pageSize: 1 })
    const [invoice] = outcome.kind === 'page' ? outcome.invoices : []
    if (!invoice) throw new Error('The invoice cannot be read.')
    const leaving = parseMoney('0.00', 'RUB')
    const about = {
      organisationId: acme.id,
      vatNumber: acme.vatNumber,
      invoice,
      readAt: exchange.startedAt,
      decidedAt: world.clock.now(),
      leaving,
    }
    await payForOrganisation(world.parts, { ...about, decisionId: randomUUID() })
    const { id }: { id: string } = await world.db('autopay_decisions').where({ invoice_id: held.id }).first('id')
    const spending = { organisation_id: acme.id, rule_id: 'rule', payee: 'payee', day: '2026-11-22', amount: 1 }
    await world.db('autopay_spending').insert({ decision_id: id, ...spending })
    expect((await verifyAutopay(world.db)).map((finding) => finding.rule)).toEqual([
      'organisation-payment-without-decision',
      'organisation-payment-not-counted',
      'spending-without-payment',
    ])
  })
})
