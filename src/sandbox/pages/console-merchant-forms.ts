import type { Request, Response, Router } from 'express'
import { pingShop, resendNotification } from '../control/notifications'
import { expireOrder, lookUpOrder, payOrder } from '../control/orders'
import { completeByHand, findRefund } from '../control/refunds'
import { ApiRefusal } from '../http/refusal'
import type { Order } from '../state/orders'
import type { World } from '../state/world'
import { fieldOf } from './fields'
import { goTo } from './page'

type Deed = (world: World, order: Order) => void

const DEEDS: ReadonlyMap<string, Deed> = new Map<string, Deed>([
  ['card', (world, order) => payOrder(world, order, { by: 'card' })],
  ['guarantee', (world, order) => payOrder(world, order, { by: 'guarantee' })],
  ['programme', (world, order) => payOrder(world, order, { by: 'programme' })],
  ['late', (world, order) => payOrder(world, order, { by: 'card', late: true })],
  ['expire', expireOrder],
])

/** Plain forms of the pages of orders and notifications; they say to the control operations what JSON would. */
export function addMerchantForms(forms: Router, world: World): void {
  forms.post('/orders/:id', (req: Request<{ id: string }>, res: Response) => {
    const deed = DEEDS.get(fieldOf(req as Request, 'action'))
    if (!deed) throw new ApiRefusal(422, 'validation', `action must be one of: ${[...DEEDS.keys()].join(', ')}.`)
    deed(world, lookUpOrder(world, req.params.id))
    goTo(req as Request, res, '/_sandbox/console/orders')
  })
  forms.post('/refunds/:id', (req, res) => {
    completeByHand(world, findRefund(world, req.params.id))
    goTo(req, res, '/_sandbox/console/orders')
  })
  forms.post('/notifications/ping', async (req, res) => {
    await pingShop(world)
    goTo(req, res, '/_sandbox/console/notifications')
  })
  forms.post('/notifications/:id', async (req, res) => {
    await resendNotification(world, req.params.id)
    goTo(req, res, '/_sandbox/console/notifications')
  })
}
