import type { Request, Response } from 'express'
import { pageOf } from '../pages/page'
import type { Invoice } from '../state/invoices'
import { minappsOf } from '../state/minapps'
import { findMinapp, hostModel, pickOf } from './minapp-host'
import type { HostParts } from './minapp-host'
import { hostTexts } from './texts'

/**
 * The additional services of a payment page: links that open a mini-app within it (`?minapp=N`), and the one that is open.
 * The page needs no script until one is.
 */
export async function slotModel(parts: HostParts, invoice: Invoice, req: Request, res: Response) {
  const { world } = parts
  const page = pageOf(req)
  const path = `/order/${encodeURIComponent(invoice.id)}`
  const wanted = req.query['minapp']
  const pick = pickOf({ preset: 'suborder', ...req.query }, wanted)
  const minapp = wanted === undefined ? undefined : findMinapp(world, pick.app)
  const hosting = minapp && { pick, minapp, address: minapp.url, slotOf: invoice.id, containerId: invoice.id }
  return {
    words: hostTexts[page.lang],
    path,
    closeHref: page.href(path),
    apps: minappsOf(world).map(({ title }, app) => ({ title, href: `${page.href(`${path}?minapp=${app}`)}#services` })),
    host: hosting ? await hostModel(parts, hosting, req, res) : null,
  }
}
