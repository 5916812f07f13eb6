import { isAllowed } from './origins'

/** A message as both sides send it. */
export interface Message {
  readonly id: string | null
  readonly action: string
  readonly data?: unknown
}

/** What the page says of itself. */
interface Settings {
  /** What the parent calls this window. */
  readonly id: string | null
  /** Whose pages may be the parent: origins, `https://*.example.org` for those of a domain. */
  readonly parents: readonly string[]
}

interface AppBridge {
  postMessage(text: string): void
}

/** The window as an application that hosts it may have made it, and as only some browsers do. */
interface HostedWindow {
  readonly ReactNativeWebView?: AppBridge
  readonly location: { readonly ancestorOrigins?: ArrayLike<string> }
}

const hosted = self as unknown as HostedWindow

/** Of the application, which owns this window and everything in it. */
export const appBridge = (): AppBridge | undefined => hosted.ReactNativeWebView

export const isFramed = (): boolean => self.parent !== self

const settings: Settings = {
  id: new URL(self.location.href).searchParams.get('id'),
  parents: (document.currentScript?.dataset['parents'] ?? '').split(' ').filter(Boolean),
}

/** Pinned in the place of an origin. */
const APPLICATION = 'application'

/** The one window that is listened and spoken to, or the application: settled by its first answer, and no other one afterwards. */
let pinned: string | undefined
const whenPinned: (() => void)[] = []

/** Calls back as soon as the parent has answered. */
export function onPinned(callback: () => void): void {
  if (pinned === undefined) whenPinned.push(callback)
  else callback()
}

/** The message inside an event, or undefined where it is not for us or not from the parent. */
export function accept(event: Pick<MessageEvent<unknown>, 'data' | 'origin' | 'source'>): Message | undefined {
  const message = readMessage(event.data)
  if (message?.id !== settings.id || !isFromParent(event)) return undefined
  if (pinned === undefined) {
    if (message.action !== 'init' || !hasInitialData(message.data)) return undefined
    pinned = isFromApp(event) ? APPLICATION : event.origin
    for (const callback of whenPinned.splice(0)) callback()
  }
  return message
}

/** An application speaks by events that it makes inside this window itself. */
const isFromApp = ({ source }: Pick<MessageEvent, 'source'>): boolean => appBridge() !== undefined && (source === null || source === self)

/** An application may put its bridge into every frame of a page that it shows, so that there is a parent as well. */
function isFromParent(event: Pick<MessageEvent, 'origin' | 'source'>): boolean {
  if (isFromApp(event)) return pinned === undefined || pinned === APPLICATION
  const { origin, source } = event
  return isFramed() && source === self.parent && (pinned === undefined ? isAllowed(origin, settings.parents) : origin === pinned)
}

function readMessage(data: unknown): Message | undefined {
  const read = typeof data === 'string' ? parse(data) : data
  return typeof read === 'object' && read !== null && 'action' in read ? (read as Message) : undefined
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const hasInitialData = (data: unknown): boolean =>
  typeof (data as { public?: { minappType?: unknown } } | null)?.public?.minappType === 'string'

/** Says something to the parent. Before it has answered, only `init` leaves: it holds nothing but the id that the parent has given. */
export function post(message: Message): void {
  const app = appBridge()
  if (app && (pinned === undefined || pinned === APPLICATION)) app.postMessage(JSON.stringify(message))
  if (isFramed() && pinned !== APPLICATION) {
    const target = pinned ?? (message.action === 'init' ? firstTarget() : undefined)
    if (target !== undefined) self.parent.postMessage(message, target)
  }
}

/** Where the browser tells who the parent is, a stranger is not spoken to at all; where it does not, the content security policy has let in allowed parents alone. */
function firstTarget(): string | undefined {
  const parent = hosted.location.ancestorOrigins?.[0]
  if (parent === undefined) return '*'
  return isAllowed(parent, settings.parents) ? parent : undefined
}

export const messageOf = (action: string, data: unknown): Message => ({ id: settings.id, action, data })
