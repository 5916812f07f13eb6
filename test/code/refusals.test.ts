import { randomUUID } from 'node:crypto'
import { defineRoute } from '../../src/http'
import { resolveReview } from '../../src/payments'
import { issueConsent } from '../../src/payments/consent'
import { makePayment } from '../../src/payments/make-payment'
import { movePayments } from '../../src/payments/move-payments'
import { readPayment } from '../../src/payments/store'
import { COMMAND_LINE } from '../../src/shared/actor'
import { parseMoney } from '../../src/shared/money'
import { REFUSALS } from '../../src/shared/refusals'
import type { RefusalCode } from '../../src/shared/refusals'
import { openSite } from '../http/site'
import type { Site } from '../http/site'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

/** A buyer in front of an invoice, and the consent that the page would carry. */
interface Scene {
  readonly world: World
  readonly buyer: Buyer
  readonly invoice: { id: string; partnerUrl: string }
  readonly checkoutId: string
}

async function scene(world: World, of: { amount?: string; points?: string } = {}): Promise<Scene> {
  const buyer = await world.member({ points: of.points ?? '100.00' })
  const invoice = await world.sandbox.invoice({ amount: of.amount ?? '50.00' })
  const { url } = await buyer.opens(invoice)
  return { world, buyer, invoice, checkoutId: url.split('/').at(-1) as string }
}

const consentOf = ({ world, buyer, invoice, checkoutId }: Scene, amount = '50.00', now = world.clock.now()): string =>
  issueConsent(
    world.parts.settings.secret,
    { checkoutId, memberId: buyer.id, invoiceId: invoice.id, amount: parseMoney(amount, 'RUB'), points: parseMoney(amount, 'PTS') },
    now,
  )

const pay = (at: Scene, consent = consentOf(at)): Promise<unknown> =>
  makePayment(at.world.parts, { checkoutId: at.checkoutId, memberId: at.buyer.id, consent })

const aMinute = 60_000

/** How each refusal of a payment comes about. */
const PAYMENTS = {
  not_enough_points: async (world) => pay(await scene(world, { points: '49.99' })),
  invoice_unsupported: async (world) => {
    const at = await scene(world)
    const parts = { ...world.parts, settings: { ...world.parts.settings, currencies: ['USD'] } }
    await makePayment(parts, { checkoutId: at.checkoutId, memberId: at.buyer.id, consent: consentOf(at) })
  },
  invoice_not_payable: async (world) => {
    const at = await scene(world)
    await world.sandbox.cancelByMerchant(at.invoice)
    await world.passes(aMinute)
    await pay(at)
  },
  invoice_being_paid: async (world) => {
    const at = await scene(world)
    const other = await scene(world)
    const { url } = await other.buyer.opens(at.invoice)
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-request', times: 1 })
    await pay(at)
    await pay({ ...other, invoice: at.invoice, checkoutId: url.split('/').at(-1) as string })
  },
  spending_limit: async (world) => {
    const at = await scene(world)
    const payload = { memberId: at.buyer.id, own: true, perPayment: '49.99', perDay: null, perMonth: null }
    const order = { payload, author: COMMAND_LINE, reason: 'a test', key: randomUUID() }
    await world.parts.approvals.submit(world.parts.deeds.members.limits, order)
    await pay(at)
  },
  amount_changed: async (world) => {
    const at = await scene(world)
    await pay(at, consentOf(at, '49.00'))
  },
  consent_missing: async (world) => {
    const [at, other] = [await scene(world), await scene(world)]
    await pay(at, consentOf(other))
  },
  consent_expired: async (world) => {
    const at = await scene(world)
    await pay(at, consentOf(at, '50.00', new Date(world.clock.now().getTime() - 31 * aMinute)))
  },
  payments_unavailable: async (world) => {
    const at = await scene(world)
    await world.passes(aMinute)
    await world.sandbox.misbehave({ on: 'business.get', kind: 'lose-request', times: 20 })
    await pay(at).finally(() => world.sandbox.behave())
  },
  payment_in_wrong_state: async (world) => {
    const at = await scene(world)
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-request', times: 1 })
    await pay(at)
    const [shown] = await world.payments()
    const payment = { ...(await readPayment(world.db, shown?.id as string)), leaseToken: 99n }
    await world.db.transaction((tx) => movePayments(tx, [{ payment, to: 'review', at: world.clock.now(), actor: 'test' }]))
  },
  resolution_not_allowed: async (world) => {
    const at = await scene(world)
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'pay-otherwise', times: 1 })
    await pay(at)
    await world.sandbox.change(at.invoice, { status: 'pending' })
    const [shown] = await world.payments()
    const resolution = { kind: 'capture', transactionId: randomUUID() } as const
    await resolveReview(world.parts, { paymentId: shown?.id as string, resolution, reason: 'a test', author: COMMAND_LINE })
  },
} as const satisfies Partial<Record<RefusalCode, (world: World) => Promise<unknown>>>

describe('a payment is refused', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make()
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test.each(Object.entries(PAYMENTS))('%s', async (code, bringAbout) => {
    await expect(bringAbout(world)).rejects.toMatchObject({ name: 'Refusal', code })
  })
})

/** What is thrown below our own checks, by the readers of bodies and by a database that is busy. */
const THROWN = {
  bad_json: { status: 400, type: 'entity.parse.failed' },
  body_too_large: { status: 413, type: 'entity.too.large' },
  bad_input: { status: 400, type: 'request.aborted' },
  overloaded: { code: '40P01' },
} as const satisfies Partial<Record<RefusalCode, object>>

describe('a request is refused', () => {
  let site: Site
  beforeAll(async () => {
    const path = '/test/throws/:what'
    const thrower = defineRoute({
      method: 'get',
      path,
      policy: { kind: 'public' },
      summary: 'Fails as a part below us fails.',
      handle: ({ req }) => Promise.reject(Object.assign(new Error('below'), THROWN[req.params['what'] as keyof typeof THROWN])),
    })
    site = await openSite([thrower])
  })
  afterAll(() => site.close())

  test.each(Object.keys(THROWN) as (keyof typeof THROWN)[])('%s', async (code) => {
    const answer = await site.visitor().open(`/test/throws/${code}`, { accept: 'application/json' })
    expect(answer.status).toBe(REFUSALS[code])
    expect(JSON.parse(answer.text)).toMatchObject({ error: { code } })
  })
})
