import express from 'express'
import type { Request, Response, Router } from 'express'
import { refuseCrossSite } from '../control/guard'
import { fieldOf } from '../pages/fields'
import type { Json } from '../http/json'
import { goTo, langOf, pageOf, render } from '../pages/page'
import { showNoSuchPage } from '../pages/refusals'
import { hasExpired, statusOf } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { ownLink } from '../state/links'
import { minappsOf } from '../state/minapps'
import type { World } from '../state/world'
import { shopAnswer } from '../pages/order-part'
import { findMinapp, hostModel, pickOf } from './minapp-host'
import type { HostParts, Hosting } from './minapp-host'
import { hostTexts } from './texts'

const SHOPS_SHOWN = 50
const LONGEST_QUERY = 200

const newestUnpaid = (world: World): Invoice | undefined =>
  [...world.invoices.values()].findLast((invoice) => statusOf(invoice, world.clock.now()) === 'pending' && !invoice.foreign)

const appLinks = (world: World, req: Request, current: number) =>
  minappsOf(world).map(({ title }, app) => ({ title, href: pageOf(req).href(`/marketplace?app=${app}`), isCurrent: app === current }))

/** Shops that the merchant API has put into the marketplace, newest first. */
const shopRows = (world: World) =>
  [...world.shops.values()]
    .slice(-SHOPS_SHOWN)
    .reverse()
    .map(({ id, fields }) => ({
      id,
      title: wordsOf(fields['title']),
      description: wordsOf(fields['description']),
      programmes: Array.isArray(fields['accountProgramIds']) ? fields['accountProgramIds'].map(wordsOf).join(', ') : '',
    }))

const wordsOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** `/marketplace`: the mini-apps on offer, one of them open in a frame. */
async function showMarketplace(parts: HostParts, req: Request, res: Response): Promise<void> {
  const { world } = parts
  const pick = pickOf(req.query, req.query['app'])
  const minapp = findMinapp(world, pick.app)
  const words = hostTexts[pageOf(req).lang]
  const containerId = newestUnpaid(world)?.id
  const hosting = minapp && { pick, minapp, address: minapp.url, slotOf: undefined, containerId }
  const apps = appLinks(world, req, pick.app)
  const host = hosting ? await hostModel(parts, hosting, req, res) : null
  render(req, res, 'marketplace', { words, apps, host, back: null, shops: shopRows(world) }, host || apps.length === 0 ? 200 : 404)
}

/** `/marketplace/return/{id}?to=success|fail`: the shop's own page after payment, in the frame in which its mini-app was. */
async function showReturn(parts: HostParts, invoice: Invoice, req: Request, res: Response): Promise<void> {
  const { world } = parts
  const to = req.query['to'] === 'fail' ? 'fail' : 'success'
  const words = hostTexts[pageOf(req).lang]
  const opening = world.openings.get(invoice.id)
  const address = ownLink(world, invoice, to === 'fail' ? 'failUrl' : 'successUrl')
  const minapp = findMinapp(world, opening?.app ?? 0)
  if (!opening || address === undefined || !minapp) {
    goTo(req, res, `/merchant/${to}?order=${encodeURIComponent(invoice.id)}`)
    return
  }
  const pick = pickOf(Object.fromEntries(new URLSearchParams(opening.query)), String(opening.app))
  const hosting: Hosting = { pick, minapp, address, slotOf: undefined, containerId: newestUnpaid(world)?.id }
  const back = { heading: words.back[to], address, orderPath: pageOf(req).href(`/order/${encodeURIComponent(invoice.id)}`) }
  const host = await hostModel(parts, hosting, req, res)
  render(req, res, 'marketplace', { words, apps: appLinks(world, req, pick.app), host, back, shops: [] })
}

/** The host page takes the buyer to the payment page that its mini-app has named, and remembers where the buyer came from. */
function openPayment(world: World, req: Request, res: Response): void {
  const container = fieldOf(req, 'container')
  const query = fieldOf(req, 'query').slice(0, LONGEST_QUERY)
  const lang = langOf(req) === 'en' ? 'en' : null
  if (world.invoices.has(container)) world.openings.set(container, { app: pickOf({}, fieldOf(req, 'app')).app, query, lang })
  goTo(req, res, `/order/${encodeURIComponent(container)}`)
}

/** What `paymentResult` says of an invoice (reference 5.4). */
export function paymentResult(world: World, invoice: Invoice): string {
  const status = statusOf(invoice, world.clock.now())
  if (status === 'paid') return shopAnswer(world, invoice) === 'waiting' ? 'hold' : 'completed'
  if (status === 'canceled') return hasExpired(invoice, world.clock.now()) ? 'expired' : 'canceled'
  return status === 'pending' ? 'pending' : 'unknown'
}

/** The marketplace, and what its page asks the sandbox for. */
export function marketplacePages(parts: HostParts): Router {
  const { world } = parts
  const pages = express.Router({ caseSensitive: true })
  pages.get('/marketplace', (req, res) => showMarketplace(parts, req, res))
  pages.get('/marketplace/return/:id', async (req, res, next) => {
    const invoice = world.invoices.get(req.params.id)
    if (invoice) await showReturn(parts, invoice, req, res)
    else showNoSuchPage(req, res, next)
  })
  pages.post(
    '/marketplace/payment',
    refuseCrossSite,
    express.urlencoded({ extended: false, limit: '10kb', parameterLimit: 10 }),
    (req, res) => openPayment(world, req, res),
  )
  pages.get('/order/:id/state', (req, res) => {
    const invoice = world.invoices.get(req.params.id)
    res.status(invoice ? 200 : 404).json({ status: invoice ? paymentResult(world, invoice) : 'unknown' })
  })
  return pages
}
