import { checkOrders, listOrders, receiveNotification, recoverRefunds, topUp } from '../../src/orders'
import type { Order } from '../../src/orders'
import type { OrderNotification, Reply } from '../../src/invoicebox'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { until } from '../support/until'
import type { Buyer, World } from '../support/world'

/** The sandbox's own word for an order. */
export interface SandboxOrder {
  readonly id: string
  readonly merchantOrderId: string
  readonly status: string
  readonly refunds: readonly { id: string; merchantOrderId: string; status: string; amount: string; payout?: string }[]
}

/** What tests do with top-ups, in the words of the domain. */
export class Shop {
  constructor(private readonly world: World) {}

  /** An order as the form makes it, waiting to be paid. */
  buys(buyer: Buyer, amount: string, key?: string): Promise<Order> {
    return topUp(this.world.parts, { memberId: buyer.id, amount: parseMoney(amount, 'RUB'), language: 'ru', ...(key && { key }) })
  }

  /** An order that was paid and credited by the sandbox's own notification. */
  async bought(buyer: Buyer, amount: string): Promise<Order> {
    const order = await this.buys(buyer, amount)
    await this.pays(order)
    return this.until(order, 'credited')
  }

  pays(order: Order, how: object = {}): Promise<unknown> {
    return this.call('POST', `orders/${order.invoiceboxId ?? order.number}/pay`, how)
  }

  async there(order: Order): Promise<SandboxOrder> {
    return (await this.call('GET', `orders/${order.invoiceboxId ?? order.number}`)) as SandboxOrder
  }

  /** How many orders Invoicebox has under a number. */
  async made(number: string): Promise<number> {
    const { data } = (await this.call('GET', 'orders?limit=1000')) as { data: SandboxOrder[] }
    return data.filter(({ merchantOrderId }) => merchantOrderId === number).length
  }

  refundThere(id: string, what: 'complete' | 'cancel'): Promise<unknown> {
    return this.call('POST', `refunds/${id}/${what}`)
  }

  /** A notification in our hands, as the door hands it over. */
  notification(order: Order, change: Partial<OrderNotification> = {}): OrderNotification {
    const id = change.id ?? order.invoiceboxId ?? ''
    const facts = {
      id,
      merchantOrderId: order.number,
      status: change.status ?? 'completed',
      amount: toDecimal((change.amount ?? order.amount).minor),
    }
    return {
      kind: 'order',
      id,
      merchantId: this.world.parts.merchant?.merchantId ?? '',
      merchantOrderId: order.number,
      orderContainerId: order.containerId,
      status: 'completed',
      amount: order.amount,
      createdAt: null,
      redacted: JSON.stringify(facts),
      ...change,
    }
  }

  tells(notification: OrderNotification): Promise<Reply> {
    return receiveNotification(this.world.parts, notification)
  }

  async order(number: string): Promise<Order> {
    const [order] = await listOrders(this.world.db, { name: number }, { limit: 1 })
    if (!order) throw new Error(`There is no order ${number}.`)
    return order
  }

  /** Waits for what happens in the background of the sandbox. */
  async until(order: Order, state: Order['state']): Promise<Order> {
    let now = order
    await until(async () => (now = await this.order(order.number)).state === state, `order ${order.number} is ${state}`)
    return now
  }

  /** Time goes by, and the worker does what has become due. */
  async passes(milliseconds: number): Promise<void> {
    this.world.clock.move(milliseconds)
    await this.world.sandbox.advanceClock(milliseconds)
    await this.works()
  }

  async works(): Promise<void> {
    for (let runs = 0; runs < 20 && (await checkOrders(this.world.parts)) > 0; runs++);
    for (let runs = 0; runs < 20 && (await recoverRefunds(this.world.parts)) > 0; runs++);
  }

  /** Asked for by somebody else for each order, unless it is said by whom: what one person refunds alone adds up. */
  async refunds(order: Order, amount: string | null = null, key: string = crypto.randomUUID(), by: string = order.id) {
    const { approvals, deeds } = this.world.parts
    return approvals.submit(deeds.orders.refund, {
      payload: { number: order.number, amount, unused: false },
      author: { kind: 'staff', id: by, login: 'olga', role: 'operator' },
      reason: 'A test',
      key,
    })
  }

  private async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.world.sandbox.url}/_sandbox/${path}`, {
      method,
      ...(method === 'POST' ? { body: JSON.stringify(body ?? {}), headers: { 'content-type': 'application/json' } } : {}),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The sandbox refuses ${method} ${path}: ${String(response.status)} ${text}`)
    return JSON.parse(text)
  }
}
