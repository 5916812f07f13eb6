import type { Request, Response, Router } from 'express'
import { bodyOf } from '../http/body'
import { ApiRefusal } from '../http/refusal'
import { presentOffer, presentShop } from '../merchant/marketplace'
import { MAIN_CURRENCY } from '../state/fund'
import { fundOfPayer } from '../state/payers'
import { lookUpOrder, expireOrder, payOrder, presentOrder, presentWholeOrder } from './orders'
import { askGate, pingShop, presentAttempt, resendNotification } from './notifications'
import { cancelRefund, completeByHand, findRefund, presentRefund } from './refunds'
import { presentFund, setPayerFund } from './fund'
import { both } from './both'
import { readLimit } from './requests'
import type { Shop } from '../state/shops'
import type { World } from '../state/world'

const sent = (req: Request): Record<string, unknown> => (Buffer.isBuffer(req.body) ? bodyOf(req.body) : {})

/** The merchant's side of the control interface: orders, refunds, notifications, the gate, funds of payers, the marketplace. */
export function addMerchantRoutes(control: Router, world: World): void {
  addOrderRoutes(control, world)
  addRefundRoutes(control, world)
  addNotificationRoutes(control, world)
  addPayerRoutes(control, world)
  addShopRoutes(control, world)
}

function addOrderRoutes(control: Router, world: World): void {
  control.get('/orders', (req, res) => {
    const newest = [...world.orders.values()].slice(-readLimit(req.query['limit'])).reverse()
    res.json({ data: newest.map((order) => presentOrder(world, order)), metaData: { totalCount: world.orders.size } })
  })
  control.get('/orders/:id', (req, res) => void res.json(both(presentWholeOrder(world, lookUpOrder(world, req.params.id)))))
  control.post('/orders/:id/pay', (req, res) => {
    const order = lookUpOrder(world, req.params.id)
    payOrder(world, order, sent(req))
    res.json(both(presentWholeOrder(world, order)))
  })
  control.post('/orders/:id/expire', (req, res) => {
    const order = lookUpOrder(world, req.params.id)
    expireOrder(world, order)
    res.json(both(presentWholeOrder(world, order)))
  })
}

function addRefundRoutes(control: Router, world: World): void {
  control.get('/refunds', (req, res) => {
    const newest = [...world.refunds.values()].slice(-readLimit(req.query['limit'])).reverse()
    res.json({ data: newest.map(presentRefund), metaData: { totalCount: world.refunds.size } })
  })
  control.get('/refunds/:id', (req, res) => void res.json(both(presentRefund(findRefund(world, req.params.id)))))
  control.post('/refunds/:id/complete', (req, res) => {
    const refund = findRefund(world, req.params.id)
    completeByHand(world, refund)
    res.json(both(presentRefund(refund)))
  })
  control.post('/refunds/:id/cancel', (req, res) => {
    const refund = findRefund(world, req.params.id)
    cancelRefund(refund)
    res.json(both(presentRefund(refund)))
  })
}

function addNotificationRoutes(control: Router, world: World): void {
  control.get('/notifications', (req, res) => {
    res.json({ data: world.notifications.newest(readLimit(req.query['limit'])).map(presentAttempt) })
  })
  control.post('/notifications/ping', async (_req, res) => void res.json(both(presentAttempt(await pingShop(world)))))
  control.post('/notifications/:id/resend', async (req, res) => {
    res.json(both(presentAttempt(await resendNotification(world, req.params.id))))
  })
  control.get('/gate', (_req, res) => void res.json(both({ connections: world.listeners.size })))
  control.post('/gate/status', async (req, res) => void res.json({ data: await askGate(world, sent(req)) }))
}

function addPayerRoutes(control: Router, world: World): void {
  control.get('/payers/:vatNumber', (req, res) => {
    res.json(both(presentFund(world, fundOfPayer(world, req.params.vatNumber, MAIN_CURRENCY))))
  })
  control.put('/payers/:vatNumber', (req, res) => {
    res.json(both(presentFund(world, setPayerFund(world, req.params.vatNumber, sent(req)))))
  })
}

/** What the merchant API has put into the marketplace, in the shape of its answers. */
function addShopRoutes(control: Router, world: World): void {
  const list = (rows: readonly object[], res: Response, limit: number): void =>
    void res.json({ data: rows.slice(-limit).reverse(), metaData: { totalCount: rows.length } })
  control.get('/shops', (req, res) => list([...world.shops.values()].map(presentShop), res, readLimit(req.query['limit'])))
  control.get('/shops/:id', (req, res) => void res.json(both(presentShop(findShop(world, req.params.id)))))
  control.get('/offers', (req, res) => list([...world.offers.values()].map(presentOffer), res, readLimit(req.query['limit'])))
}

/** @throws ApiRefusal 404 */
function findShop(world: World, id: string): Shop {
  const shop = world.shops.get(Number(id))
  if (!shop) throw new ApiRefusal(404, 'not_found', `There is no shop ${JSON.stringify(id.slice(0, 60))}.`)
  return shop
}
