import type { Seen, Reaction, Upstream } from './upstream'
import { json, startUpstream } from './upstream'
import { CONTAINER_ID, MERCHANT_ID, ORDER_ID, makeMerchant, rub } from './merchant'
import type { TestMerchant } from './merchant'

/** An upstream that plays a script, and clients that ask it. */
export class MerchantBench {
  private readonly made: TestMerchant[] = []

  private constructor(readonly upstream: Upstream) {}

  static async open(): Promise<MerchantBench> {
    return new MerchantBench(await startUpstream())
  }

  plays(...reactions: Reaction[]): void {
    this.upstream.plays(...reactions)
  }

  test(...[more, deps]: [Parameters<typeof makeMerchant>[1]?, Parameters<typeof makeMerchant>[2]?]): TestMerchant {
    const test = makeMerchant(this.upstream.url, more, deps)
    this.made.push(test)
    return test
  }

  merchant(more: Parameters<typeof makeMerchant>[1] = {}): TestMerchant['client'] {
    return this.test(more).client
  }

  get lastSeen(): Seen & { readonly sent: Record<string, unknown> } {
    const request = this.upstream.seen.at(-1)
    if (!request) throw new Error('Upstream was not asked.')
    const text = Buffer.from(request.body, 'latin1').toString()
    return { ...request, sent: text ? (JSON.parse(text) as Record<string, unknown>) : {} }
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.made.splice(0).map(({ client }) => client.close()))
  }
}

export const answered = (data: unknown, more: object = {}): Reaction => json(200, { data, extendedData: [], ...more })

export const paged = (items: unknown[], page = 1, pageSize = 20): Reaction =>
  answered(items, { metaData: { totalCount: items.length, pageSize, page } })

/** The order of the examples as the client reads it. */
export const ORDER = {
  id: ORDER_ID,
  merchantId: MERCHANT_ID,
  merchantOrderId: 'BR-2026-00417',
  orderContainerId: CONTAINER_ID,
  status: 'created',
  amount: rub('12200'),
  createdAt: new Date('2026-03-05T09:30:00Z'),
  expirationDate: new Date('2026-03-07T09:30:00Z'),
  paidAt: null,
  paymentUrl: `https://pay.sandbox.test/order/${CONTAINER_ID}`,
}
