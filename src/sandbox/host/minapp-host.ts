import { randomBytes } from 'node:crypto'
import type { Request, Response } from 'express'
import { isThisMachine } from '../control/guard'
import { allow } from '../pages/content-policy'
import { pageOf } from '../pages/page'
import type { Page } from '../pages/page'
import { minappsOf } from '../state/minapps'
import { ordersIn } from '../state/order-status'
import type { MiniApp } from '../state/settings'
import type { World } from '../state/world'
import type { WebViews } from '../webview/web-views'
import { PRESETS, initialData } from './presets'
import type { Preset } from './presets'
import { hostTexts } from './texts'

/** What the pages around mini-apps are made from. */
export interface HostParts {
  readonly world: World
  readonly webViews: WebViews
}

export const VIEWS = ['frame', 'webview'] as const
type View = (typeof VIEWS)[number]

/** What the person has picked; every part is in the query, so that a link leads to the same page again. */
export interface Pick {
  /** The mini-app's place in the list. */
  readonly app: number
  readonly preset: Preset
  readonly view: View
}

const oneOf = <T extends string>(values: readonly T[], value: unknown, otherwise: T): T =>
  values.find((candidate) => candidate === value) ?? otherwise

/** Whatever the query does not say, or says wrongly, gets the first of its kind. */
export function pickOf(query: Record<string, unknown>, app: unknown): Pick {
  return {
    app: typeof app === 'string' && /^\d{1,2}$/.test(app) ? Number(app) : 0,
    preset: oneOf(PRESETS, query['preset'], 'order'),
    view: oneOf(VIEWS, query['view'], 'frame'),
  }
}

/** The address with the id of this opening, by which its messages are known (reference 5.1); an id of the address's own stays. */
export function withId(address: string): { readonly src: string; readonly id: string } {
  const url = new URL(address)
  const id = url.searchParams.get('id') ?? `m-${randomBytes(6).toString('hex')}`
  url.searchParams.set('id', id)
  return { src: url.href, id }
}

export interface Hosting {
  readonly pick: Pick
  readonly minapp: MiniApp
  /** What the frame opens: the mini-app, or the shop's page after payment. */
  readonly address: string
  /** The invoice whose payment page this is; undefined in the marketplace. */
  readonly slotOf: string | undefined
  /** The invoice that a suborder would join. */
  readonly containerId: string | undefined
}

const metaDataOf = (world: World, containerId: string | undefined) =>
  containerId === undefined ? [] : ordersIn(world, containerId).flatMap(({ extras }) => extras.metaData ?? [])

/** By which name the host page was opened: messages go to that origin. A name that is not this machine's is not repeated. */
function hostOrigin(world: World, req: Request): string {
  const called = `http://${req.headers.host ?? ''}`
  return URL.canParse(called) && isThisMachine(new URL(called).hostname) ? new URL(called).origin : new URL(world.url).origin
}

/** In the imitated WebView the page comes through the go-between of its origin; a page of another shop is none of the mini-app's. */
function shownAt({ pick, address, minapp }: Hosting, webViews: WebViews, host: string): Promise<string> | string {
  const isProxied = pick.view === 'webview' && new URL(address).origin === new URL(minapp.url).origin
  return isProxied ? webViews.standIn(address, host) : address
}

function scriptPart(world: World, hosting: Hosting, page: Page, shown: string) {
  const { slotOf, containerId, address } = hosting
  const { src, id } = withId(shown)
  const texts = hostTexts[page.lang]
  return {
    id,
    src,
    frameOrigin: new URL(src).origin,
    isWebView: shown !== address,
    sandboxOrigin: new URL(world.url).origin,
    slot: slotOf !== undefined,
    containerId: slotOf ?? containerId ?? null,
    orderPath: slotOf === undefined ? null : page.href(`/order/${encodeURIComponent(slotOf)}`),
    langQuery: page.lang === 'en' ? '?lang=en' : '',
    texts: texts.script,
  }
}

/** Everything that the part of a page around a mini-app shows; the page gets the rights that it needs for it. */
export async function hostModel({ world, webViews }: HostParts, hosting: Hosting, req: Request, res: Response) {
  const page = pageOf(req)
  const texts = hostTexts[page.lang]
  const { pick, slotOf, containerId } = hosting
  const situation = { lang: page.lang, containerId, metaData: metaDataOf(world, containerId) }
  const initial = initialData(pick.preset, situation, slotOf !== undefined)
  const script = scriptPart(world, hosting, page, await shownAt(hosting, webViews, hostOrigin(world, req)))
  allow(res, { scripts: true, frames: true })
  return {
    words: texts,
    title: hosting.minapp.title,
    address: script.src,
    pick,
    lang: page.lang,
    query: new URL(req.originalUrl, world.url).search,
    script: JSON.stringify(script),
    initial: initial === null ? '' : JSON.stringify(initial, null, 2),
    presets: PRESETS.filter((preset) => isOffered(preset, hosting)).map((value) => ({ value, text: texts.presets[value] })),
    views: VIEWS.map((value) => ({ value, text: texts.views[value] })),
    results: ['completed', 'pending', 'canceled', 'expired', 'hold', 'unknown'],
  }
}

/** In the slot of a payment page everything is a suborder's, so `order` would be the same as `suborder`. */
const isOffered = (preset: Preset, { slotOf, containerId }: Hosting): boolean =>
  preset === 'order' ? slotOf === undefined : preset !== 'suborder' || containerId !== undefined

export const findMinapp = (world: World, app: number): MiniApp | undefined => minappsOf(world)[app]
