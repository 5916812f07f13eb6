import { LEDGER_RULES, verifyLedger } from '../../src/ledger'
import type { Finding } from '../../src/ledger'
import { PAYMENT_RULES, reversePayment, verifyPayments } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Db } from '../../src/shared/database'
import { planned } from '../../src/shared/planned'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { POSTED } from './corruption'
import { disarm, undone } from './intruder'
import { LEDGER_CORRUPTIONS } from './ledger-corruptions'
import { PAYMENT_CORRUPTIONS } from './payment-corruptions'

const CORRUPTIONS = [...LEDGER_CORRUPTIONS, ...PAYMENT_CORRUPTIONS]

describe.each(ENGINES)('ledger verify on %s', (engine) => {
  let world: World
  const verify = async (db: Db): Promise<Finding[]> => [...(await verifyLedger(db)), ...(await verifyPayments(db))]

  beforeAll(async () => {
    world = await World.make({ engine })
    await bringAboutEveryState(world)
  })
  afterAll(() => world.close())

  test('finds nothing in books that nobody touched', async () => {
    expect(await world.findings()).toEqual([])
    expect((await world.payments()).map((payment) => payment.state).sort()).toEqual([
      'captured',
      'confirming',
      'reversed',
      'review',
      'voided',
    ])
  })

  test('finds nothing after the guards alone were taken away', async () => {
    expect(
      await undone(world.db, async (tx) => {
        await disarm(tx)
        return verify(tx)
      }),
    ).toEqual([])
  })

  test.each(CORRUPTIONS.map((corruption) => [corruption.what, corruption] as const))(
    'finds it when %s',
    async (_what, { breaks, plant }) => {
      const findings = await undone(world.db, async (tx) => {
        await disarm(tx)
        await plant(tx)
        return verify(tx)
      })
      const spoken = Object.fromEntries(findings.map((finding) => [finding.rule, finding.invariant]))
      expect(spoken).toMatchObject(breaks)
      for (const { text } of findings) expect(text).toMatch(/^\S.*\.$/)
    },
  )

  if (engine === 'postgres')
    test('no rule is proved row by row, which would cost the square of the books wherever PostgreSQL guesses wrong', async () => {
      for (const sql of await sentBy(world.db, verify)) {
        const plan = await planned(world.db, 'whole tables', async (each) => (await each.raw<{ rows: unknown[] }>(`explain ${sql}`)).rows)
        expect(JSON.stringify(plan)).not.toMatch(/Nested Loop|SubPlan/)
      }
    })

  if (engine === 'sqlite')
    test('tells what it finds although cells hold what is neither a number nor a moment', async () => {
      const findings = await undone(world.db, async (tx) => {
        await disarm(tx)
        await tx.raw(`update ledger_holds set amount = 1.5, created_at = 'yesterday' where id = ${POSTED}`)
        return verify(tx)
      })
      expect(findings.map((finding) => finding.rule)).toEqual(expect.arrayContaining(['posted-differently', 'rows-changed']))
    })

  test('after every corruption was taken back, the books are right again', async () => {
    expect(await world.findings()).toEqual([])
  })
})

test('every rule of both lists is broken by at least one corruption', () => {
  const broken = new Set(CORRUPTIONS.flatMap((corruption) => Object.keys(corruption.breaks)))
  expect([...broken].sort()).toEqual([...LEDGER_RULES, ...PAYMENT_RULES].sort())
})

/** The statements by which rules are proved over whole tables. */
async function sentBy(db: Db, verify: (db: Db) => Promise<unknown>): Promise<string[]> {
  const sent: string[] = []
  const hear = ({ sql }: { sql: string }): void => {
    if (sql.startsWith('with "broken"')) sent.push(sql)
  }
  db.on('query', hear)
  await verify(db)
  db.removeListener('query', hear)
  expect(sent).toHaveLength(LEDGER_RULES.length + PAYMENT_RULES.length - 2) // Two are proved page by page.
  return sent.map((sql) => sql.replace(/ limit .*$/s, ''))
}

/** One payment of each kind that the product brings about today, and some history before them. */
async function bringAboutEveryState(world: World): Promise<void> {
  await world.deposit('10.00')
  const buyer = await world.member({ points: '1000.00' })
  const cancelled = await world.sandbox.invoice({ amount: '70.00' })
  await buyer.pays(cancelled)
  await world.sandbox.cancelByMerchant(cancelled)
  const { id = '' } = (await world.payments())[0] ?? {}
  await reversePayment(world.parts, { paymentId: id, reason: 'the merchant cancelled', author: COMMAND_LINE })
  await buyer.pays(await world.sandbox.invoice({ amount: '100.00' }))
  for (const fault of [
    { on: 'business.confirm', kind: 'status', status: 422, times: 1 },
    { on: 'business.confirm', kind: 'status', status: 422, after: true, times: 1 },
    { on: 'business.confirm', kind: 'lose-answer', times: 1 },
  ]) {
    await world.sandbox.misbehave(fault)
    await buyer.pays(await world.sandbox.invoice({ amount: '50.00' }))
  }
  await world.parts.ledger.idle()
}
