import type { Frame, Page } from 'playwright-core'
import { listenOn } from '../support/listen'
import type { Listener } from '../support/listen'

export interface Said {
  readonly action: string
  readonly data?: unknown
}

/**
 * A page that speaks the parent's side of the protocol and no more, under another host name than the gateway: to the browser it is another site. It answers every `init` with
 * the data of its address, keeps what it hears in `heard`, and gives the frame the height that it asks for.
 */
const PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A host</title><meta name="viewport" content="width=device-width, initial-scale=1">
<style>body { margin: 0 } iframe { display: block; width: 100%; height: 400px; border: 0 }</style></head><body><main><h1 hidden>Host</h1></main><script>
const asked = new URLSearchParams(location.search)
const data = JSON.parse(asked.get('data') || 'null')
const heard = []
const frame = document.createElement('iframe')
frame.title = 'Mini-app'
frame.src = asked.get('src')
const id = new URL(frame.src).searchParams.get('id')
const say = (action, what) => frame.contentWindow.postMessage({ id, action, data: what }, new URL(frame.src).origin)
addEventListener('message', (event) => {
  if (event.source !== frame.contentWindow) return
  heard.push({ ...event.data, from: event.origin })
  if (event.data.id !== id) return
  if (event.data.action === 'init' && data) setTimeout(() => say('init', data), Number(asked.get('wait') || 0))
  if (event.data.action === 'height') frame.style.height = event.data.data + 'px'
})
document.querySelector('main').append(frame)
</script></body></html>`

export interface Hosting {
  readonly minappType?: 'order' | 'suborder'
  readonly metaData?: readonly unknown[]
  /** Milliseconds until the parent answers. */
  readonly wait?: number
  /** A parent that never answers. */
  readonly isSilent?: boolean
  readonly public?: Readonly<Record<string, unknown>>
}

export class Host {
  private constructor(private readonly listener: Listener) {}

  static async open(): Promise<Host> {
    const listener = await listenOn()
    listener.serve((_req, res) => void res.setHeader('content-type', 'text/html; charset=utf-8').end(PAGE))
    return new Host(listener)
  }

  get port(): number {
    return this.listener.port
  }

  /** `localhost` is another site than 127.0.0.1, where the gateway is. */
  get origin(): string {
    return `http://localhost:${this.port}`
  }

  close(): Promise<void> {
    return this.listener.close()
  }

  /** Opens a page of ours inside the host's. @returns the frame */
  async show(page: Page, src: string, { wait, isSilent, metaData = [], ...hosting }: Hosting = {}): Promise<Frame> {
    const data = { public: { minappType: 'order', ...hosting, ...hosting.public }, private: { metaData } }
    const query = new URLSearchParams({ src, ...(isSilent ? {} : { data: JSON.stringify(data) }), ...(wait && { wait: String(wait) }) })
    await page.goto(`${this.origin}/?${query.toString()}`)
    const element = await page.waitForSelector('iframe')
    const frame = await element.contentFrame()
    if (!frame) throw new Error('The host has no frame.')
    return frame
  }
}

/** What the host has heard of this kind, oldest first. */
export const heard = (page: Page, action: string): Promise<Said[]> =>
  page.evaluate<Said[]>(`heard.filter((message) => message.action === ${JSON.stringify(action)})`)

/** The host says something to the frame. */
export const say = (page: Page, action: string, data: unknown): Promise<void> =>
  page.evaluate(`say(${JSON.stringify(action)}, ${JSON.stringify(data)})`)

/** Puts another page into the host's, beside the mini-app. */
export async function addFrame(page: Page, src: string): Promise<Frame> {
  const arrived = page.waitForEvent('framenavigated', (frame) => frame.url() === src)
  await page.evaluate(
    `document.body.append(Object.assign(document.createElement('iframe'), { src: ${JSON.stringify(src)}, title: 'Another' }))`,
  )
  const frame = await arrived
  await frame.waitForLoadState()
  return frame
}
