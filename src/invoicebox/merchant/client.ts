import { Asker } from '../asker'
import type { InvoiceboxDeps, Question } from '../asker'
import type { RequestClass } from '../budget'
import { withEitherNames } from '../either-names'
import { lentBudget } from '../lent-budget'
import { pathId } from '../path-id'
import { checkSettings } from '../settings'
import type { CheckedSettings } from '../settings'
import type { Asked, Asking, Method, Operation } from '../types'
import { sameId } from '../wire'
import { createGuarantee } from './guarantee-client'
import { orderFits, orderQuery, refundFits, refundQuery, shipmentQuery } from './lists'
import { counterpartiesOutcome, linesOutcome, pageOutcome, readOutcome, writeOutcome } from './outcomes'
import type { Reading } from './outcomes'
import { changeBody, changeFault, orderBody, orderFault, refundBody, refundFault, shipmentBody, shipmentFault } from './requests'
import type { DraftFault } from './requests'
import type { MerchantSettings } from './settings'
import { ownCurrency, toOrder, toRefund, toRefundableLine, toShipment } from './shapes'
import type { Listed, MerchantClient, Order, OrderQuery, Refund, RefundQuery, Rejected, Shipment, ShipmentQuery, Written } from './types'
import { writeJson } from './write-json'

/**
 * A client of the merchant API with its own connections and its own circuit, since its token is another one. The request budget is shared with whoever else has it, and is not
 * closed with the client.
 * @throws Error naming every fault of the settings
 */
export function createMerchantClient(settings: MerchantSettings, deps: InvoiceboxDeps): MerchantClient {
  const rules = checkSettings(settings)
  const asker = new Asker(rules, { ...deps, ...(deps.budget ? { budget: lentBudget(deps.budget) } : {}) })
  const calls = new Calls(asker, rules, settings.merchantId, deps)
  return {
    merchantId: settings.merchantId,
    ...orderCalls(calls),
    ...refundCalls(calls),
    ...shipmentCalls(calls),
    guarantee: createGuarantee(asker, rules.prefix),
    findCounterparty: (vatNumber, asking) => {
      const path = `${rules.prefix}/filter/api/counterparty-detail?${new URLSearchParams({ vatNumber }).toString()}`
      return asker.read(calls.question('counterparty.get', 'GET', path, asking, 'page'), (answer) =>
        counterpartiesOutcome(answer, vatNumber),
      )
    },
    circuit: () => asker.circuit.state(),
    close: () => asker.close(),
  }
}

/** What all calls have in common. */
class Calls {
  readonly billing: string
  readonly filter: string

  constructor(
    readonly asker: Asker,
    readonly rules: CheckedSettings,
    readonly merchantId: string,
    readonly deps: InvoiceboxDeps,
  ) {
    this.billing = `${rules.prefix}/billing/api/order`
    this.filter = `${rules.prefix}/filter/api/order`
  }

  question(operation: Operation, method: Method, path: string, { as, permit, waitMs }: Asking = {}, otherwise: RequestClass): Question {
    return { operation, method, path, as: as ?? otherwise, permit, waitMs }
  }

  /** Sends at most once; a draft with a fault is refused here with the code that Invoicebox would answer. */
  async write<Name extends string, T extends object>(
    question: Question,
    body: string | null,
    reading: Reading<Name, T>,
    fault: DraftFault | null = null,
  ): Promise<Asked<Written<Name, T>>> {
    if (fault) return this.asker.unsent(question, refusedHere(fault), `checked here: ${fault.code} ${fault.field}`)
    return await this.asker.write(question, body, (answer) => this.hidden(writeOutcome(answer, reading)))
  }

  /** A message of upstream's may quote what we sent. */
  private hidden<Name extends string, T>(outcome: Written<Name, T>): Written<Name, T> {
    return outcome.kind === 'rejected' && 'message' in outcome
      ? { ...outcome, message: this.asker.redactor.message(outcome.message) }
      : outcome
  }

  order(isOurs: (order: Order) => boolean): Reading<'order', Order> {
    return { name: 'order', read: (value) => toOrder(value, this.rules), isOurs }
  }

  refund(isOurs: (refund: Refund) => boolean): Reading<'refund', Refund> {
    return { name: 'refund', read: (value) => toRefund(value, this.rules), isOurs }
  }

  shipment(isOurs: (shipment: Shipment) => boolean): Reading<'shipment', Shipment> {
    return { name: 'shipment', read: (value) => toShipment(value, this.rules), isOurs }
  }

  now(): Date {
    return this.deps.clock.now()
  }
}

const refusedHere = ({ code, field }: DraftFault): Rejected => ({ kind: 'rejected', code, status: null, message: field })

type OrderCalls = Pick<MerchantClient, 'createOrder' | 'readOrder' | 'findOrders' | 'updateOrder' | 'cancelOrder' | 'setOrderStatus'>

function orderCalls(calls: Calls): OrderCalls {
  const { asker, billing, filter, merchantId, rules } = calls
  const one = (orderId: string): string => `${billing}/order/${pathId(orderId)}`
  const same = (orderId: string): Reading<'order', Order> => calls.order(({ id }) => sameId(id, orderId))
  return {
    createOrder: (draft, asking) =>
      calls.write(
        calls.question('order.create', 'POST', `${billing}/order`, asking, 'page'),
        orderBody(draft, merchantId),
        calls.order((order) => order.merchantOrderId === draft.merchantOrderId && order.amount.minor === draft.basket.total.minor),
        orderFault(draft, calls.now(), rules.currencies),
      ),
    readOrder: async (orderId, asking) =>
      await asker.read(calls.question('order.get', 'GET', one(orderId), asking, 'page'), (answer) =>
        readOutcome(answer, same(orderId), orderId),
      ),
    findOrders: withEitherNames<OrderQuery, Listed<Order>>(async (query, names, asking) => {
      const path = `${filter}/order?${orderQuery(query, names, merchantId)}`
      const reading = calls.order((order) => orderFits(order, query, merchantId))
      return await asker.read(calls.question('order.list', 'GET', path, asking, 'background'), (answer) =>
        pageOutcome(answer, query, reading),
      )
    }),
    updateOrder: async (orderId, change, asking) =>
      await calls.write(
        calls.question('order.update', 'PUT', one(orderId), asking, 'page'),
        changeBody(change),
        same(orderId),
        changeFault(change, calls.now()),
      ),
    cancelOrder: async (orderId, asking) =>
      await calls.write(calls.question('order.cancel', 'DELETE', one(orderId), asking, 'page'), null, same(orderId)),
    // Here, and nowhere else, a cancelled order is spelled with two l (3.4.6).
    setOrderStatus: async (orderId, status, asking) =>
      await calls.write(
        calls.question('order.status', 'PUT', `${billing}/${pathId(orderId)}/status`, asking, 'page'),
        writeJson({ status: status === 'canceled' ? 'cancelled' : status }),
        same(orderId),
      ),
  }
}

type RefundCalls = Pick<MerchantClient, 'readRefundableLines' | 'createRefund' | 'findRefunds' | 'createCorrection'>

function refundCalls(calls: Calls): RefundCalls {
  const { asker, billing, filter, merchantId, rules } = calls
  return {
    readRefundableLines: async (orderId, asking) =>
      await asker.read(
        calls.question('refund.lines', 'GET', `${billing}/order/${pathId(orderId)}/refund-basket-item`, asking, 'page'),
        (answer) => linesOutcome(answer, (value) => toRefundableLine(value, ownCurrency(rules))),
      ),
    createRefund: async (draft, asking) =>
      await calls.write(
        calls.question('refund.create', 'POST', `${billing}/refund-order`, asking, 'page'),
        refundBody(draft),
        calls.refund((refund) => refund.merchantOrderId === draft.merchantOrderId && sameId(refund.parentId, draft.parentId)),
        refundFault(draft),
      ),
    findRefunds: withEitherNames<RefundQuery, Listed<Refund>>(async (query, names, asking) => {
      const path = `${filter}/refund-order?${refundQuery(query, names, merchantId)}`
      const reading = calls.refund((refund) => refundFits(refund, query))
      return await asker.read(calls.question('refund.list', 'GET', path, asking, 'background'), (answer) =>
        pageOutcome(answer, query, reading),
      )
    }),
    createCorrection: async (draft, asking) =>
      await calls.write(
        calls.question('correction.create', 'POST', `${billing}/correction-order`, asking, 'page'),
        orderBody(draft, merchantId, draft.refundId),
        calls.order((order) => order.merchantOrderId === draft.merchantOrderId),
        orderFault(draft, calls.now(), rules.currencies),
      ),
  }
}

function shipmentCalls(calls: Calls): Pick<MerchantClient, 'createShipment' | 'findShipments'> {
  const { asker, billing } = calls
  return {
    createShipment: async (draft, asking) =>
      await calls.write(
        calls.question('shipment.create', 'POST', `${billing}/shipment`, asking, 'recovery'),
        shipmentBody(draft),
        calls.shipment(({ orderId }) => sameId(orderId, draft.orderId)),
        shipmentFault(draft),
      ),
    // The newest official client reads here; the documents' own samples name another path (Q-47).
    findShipments: withEitherNames<ShipmentQuery, Listed<Shipment>>(async (query, names, asking) => {
      const reading = calls.shipment(({ orderId }) => sameId(orderId, query.orderId))
      const path = `${billing}/shipment?${shipmentQuery(query, names)}`
      return await asker.read(calls.question('shipment.list', 'GET', path, asking, 'background'), (answer) =>
        pageOutcome(answer, query, reading),
      )
    }),
  }
}
