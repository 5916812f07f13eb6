import type { Request, RequestHandler } from 'express'
import type { World } from '../state/world'
import { pageOf, render } from './page'
import { invoiceRow } from './present'

const LANDINGS = ['success', 'fail', 'return'] as const

const landingOf = (name: unknown) => LANDINGS.find((landing) => landing === name)

function invoiceIn(world: World, req: Request) {
  const { order } = req.query
  const invoice = typeof order === 'string' ? world.invoices.get(order) : undefined
  return invoice ? invoiceRow(world, invoice, pageOf(req)) : null
}

/** `/merchant/{success|fail|return}`: where the buyer lands in the shop; says what happened. */
export const showLanding =
  (world: World): RequestHandler =>
  (req, res, next) => {
    const landing = landingOf(req.params['landing'])
    if (!landing) next()
    else render(req, res, 'merchant', { landing, heading: pageOf(req).t.merchant[landing], invoice: invoiceIn(world, req) })
  }
