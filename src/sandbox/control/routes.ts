import express from 'express'
import type { Request, Response, Router } from 'express'
import { decodeJson, isObject } from '../http/json'
import { ApiRefusal } from '../http/refusal'
import type { World } from '../state/world'
import { both } from './both'
import { moveClock, presentClock } from './clock'
import { FAULT_GUIDE, plantFault, presentFault, removeFault } from './faults'
import { findFund, presentFund, setFund } from './fund'
import { addInvoice, cancelInvoice, changeInvoice, findInvoice, presentInvoice } from './invoices'
import { addMerchantRoutes } from './merchant-routes'
import { presentRequest, readLimit } from './requests'
import { resetWorld } from './reset'
import { changeSettings, presentSettings } from './settings'

/** The control interface: JSON in, JSON out, `{data}` for a yes and `{error: {message, code, fields}}` for a no. */

export function createControl(world: World): Router {
  const control = express.Router({ caseSensitive: true })
  control.use(express.raw({ type: () => true, limit: '1mb' }))
  addInvoiceRoutes(control, world)
  addFaultRoutes(control, world)
  addFundRoutes(control, world)
  addMerchantRoutes(control, world)
  addStateRoutes(control, world)
  control.use(refuseUnknown)
  return control
}

/** @throws ApiRefusal 400 or 422 for anything but an object in JSON; an empty body counts as `{}` */
function bodyOf(req: Request): Record<string, unknown> {
  if (!Buffer.isBuffer(req.body) || req.body.length === 0) return {}
  const decoded = decodeJson(req.body)
  if (!decoded) throw new ApiRefusal(400, 'bad_request', 'The body is not JSON.')
  if (!isObject(decoded.value)) throw new ApiRefusal(422, 'validation', 'The body must be a JSON object.')
  return decoded.value
}

function addInvoiceRoutes(control: Router, world: World): void {
  const show = (res: Response, invoice: ReturnType<typeof findInvoice>): void => void res.json(both(presentInvoice(world, invoice)))
  control.get('/invoices', (req, res) => {
    const newest = [...world.invoices.values()].slice(-readLimit(req.query['limit'])).reverse()
    res.json({ data: newest.map((invoice) => presentInvoice(world, invoice)), metaData: { totalCount: world.invoices.size } })
  })
  control.post('/invoices', (req, res) => show(res, addInvoice(world, bodyOf(req))))
  control.get('/invoices/:id', (req, res) => show(res, findInvoice(world, req.params.id)))
  control.patch('/invoices/:id', (req, res) => {
    const invoice = findInvoice(world, req.params.id)
    changeInvoice(world, invoice, bodyOf(req))
    show(res, invoice)
  })
  control.post('/invoices/:id/cancel-by-merchant', (req, res) => {
    const invoice = findInvoice(world, req.params.id)
    cancelInvoice(world, invoice)
    show(res, invoice)
  })
}

function addFaultRoutes(control: Router, world: World): void {
  control.get('/faults', (_req, res) => void res.json({ data: world.faults.map(presentFault), guide: FAULT_GUIDE }))
  control.post('/faults', (req, res) => void res.json(both(presentFault(plantFault(world, bodyOf(req))))))
  control.delete('/faults', (_req, res) => {
    world.faults.length = 0
    res.json({ data: null })
  })
  control.delete('/faults/:id', (req, res) => {
    removeFault(world, req.params.id)
    res.json({ data: null })
  })
}

function addFundRoutes(control: Router, world: World): void {
  control.get('/fund', (req, res) => void res.json(both(presentFund(world, findFund(world, req.query['currencyId'])))))
  control.put('/fund', (req, res) => void res.json(both(presentFund(world, setFund(world, bodyOf(req))))))
}

function addStateRoutes(control: Router, world: World): void {
  control.get('/settings', (_req, res) => void res.json(presentSettings(world)))
  control.put('/settings', (req, res) => {
    changeSettings(world, bodyOf(req))
    res.json(presentSettings(world))
  })
  control.get('/requests', (req, res) => void res.json({ data: world.journal.newest(readLimit(req.query['limit'])).map(presentRequest) }))
  control.get('/clock', (_req, res) => void res.json(both(presentClock(world))))
  control.put('/clock', (req, res) => {
    moveClock(world, bodyOf(req))
    res.json(both(presentClock(world)))
  })
  control.post('/reset', (req, res) => {
    resetWorld(world, bodyOf(req))
    res.json({ data: { invoices: world.invoices.size } })
  })
}

const CALLS =
  'invoices, invoices/{id}, invoices/{id}/cancel-by-merchant, orders, orders/{id}, orders/{id}/pay, orders/{id}/expire, refunds, refunds/{id}, ' +
  'refunds/{id}/complete, refunds/{id}/cancel, notifications, notifications/{id}/resend, notifications/ping, gate, gate/status, ' +
  'payers/{vatNumber}, shops, shops/{id}, offers, fund, faults, faults/{id}, settings, requests, clock, reset'

function refuseUnknown(req: Request): never {
  throw new ApiRefusal(404, 'not_found', `There is no ${req.method} ${req.path.slice(0, 100)} here. There are: ${CALLS}.`)
}
