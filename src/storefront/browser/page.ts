/** The part of the page that changes; another language brings another one. */
export const main = (): HTMLElement => find('main')

export const find = (selector: string, within: ParentNode = document): HTMLElement => findAs(HTMLElement, selector, within)

/** @throws Error where there is none of that kind */
export function findAs<E extends HTMLElement>(kind: new () => E, selector: string, within: ParentNode = document): E {
  const found = within.querySelector(selector)
  if (!(found instanceof kind)) throw new Error(`bug: the page has no ${selector}`)
  return found
}

export const all = <E extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): E[] => [
  ...within.querySelectorAll<E>(selector),
]

export type State = 'loading' | 'ready' | 'making' | 'done' | 'added' | 'unavailable'

/** Shows the screen of a state; the style sheet knows which one. A screen reader is taken to its heading. */
export function showState(state: State): void {
  const { dataset } = main()
  if (dataset['state'] === state) return
  const isFirst = dataset['state'] === 'loading'
  dataset['state'] = state
  if (!isFirst) document.querySelector<HTMLElement>(`[data-screen="${state}"] h2, [data-screen="${state}"] [role=alert]`)?.focus()
  self.scrollTo(0, 0)
}

/** Where the page is shown: nobody knows yet, in a frame of a parent, or by itself with a header of its own. */
export function showHost(host: 'framed' | 'alone', { fullHeight = false }: { readonly fullHeight?: unknown } = {}): void {
  document.body.dataset['host'] = host
  document.documentElement.classList.toggle('full-height', fullHeight === true)
}

/** Whoever waits for one of our pages gives up then: the page at hand does as well. */
const PAGE_MS = 3_000

/** Asks for one of our own pages without any cookie: in another language, or as it is by now. */
export async function fetchPage(address: string, language: string): Promise<Document | null> {
  const headers = { accept: 'text/html', 'accept-language': language }
  const answer = await fetch(address, { headers, credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(PAGE_MS) })
  return answer.ok ? new DOMParser().parseFromString(await answer.text(), 'text/html') : null
}

/** Puts these parts of another page in the place of this one's. */
export function takeFrom(page: Document, parts: readonly string[]): void {
  for (const part of parts) find(part).replaceWith(document.adoptNode(find(part, page)))
}

/** Shows the same page in the parent's language, where it is one of ours and the page can be had; else this one stays. */
export async function speak(locale: unknown): Promise<void> {
  const language = /^(ru|en)\b/i.exec(String(locale))?.[1]?.toLowerCase()
  if (language === undefined || document.documentElement.lang === language) return
  const page = await fetchPage(self.location.href, language).catch(() => null)
  if (!page) return
  takeFrom(page, ['header', 'main', 'footer'])
  document.documentElement.lang = language
  document.title = page.title
}

/** Links of ours lead out of a frame through the parent, which opens them as its own. */
export function leadLinksOut(open: (href: string) => void): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-out]')
    if (!link || document.body.dataset['host'] !== 'framed') return
    event.preventDefault()
    open(link.href)
  })
}
