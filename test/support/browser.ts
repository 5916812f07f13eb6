/** A browser without a screen: cookies, redirects, plain HTML forms. What it can do works with scripts off. */
export interface Page {
  readonly url: string
  readonly status: number
  readonly html: string
  readonly headers: Headers
  /** The `data-state` of `<main>`. */
  readonly state: string | undefined
  readonly heading: string | undefined
}

export class Browser {
  private readonly cookies = new Map<string, string>()

  constructor(private readonly home: string) {}

  /** Follows redirects as a browser does; an address of another site ends the journey there. */
  async open(address: string, init: RequestInit = {}): Promise<Page> {
    let url = new URL(address, this.home)
    let next: RequestInit = init
    for (let hops = 0; hops < 10; hops++) {
      const response = await this.fetch(url, next)
      const location = response.headers.get('location')
      if (location === null || response.status < 300 || response.status >= 400) return toPage(url, response)
      url = new URL(location, url)
      next = {}
    }
    throw new Error(`${address} redirects for ever`)
  }

  /** One request with this browser's cookies, redirects not followed. */
  async fetch(address: string | URL, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, this.home)
    const headers = new Headers(init.headers)
    const isOwn = url.origin === new URL(this.home).origin
    if (isOwn && this.cookies.size > 0) headers.set('cookie', [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '))
    const response = await this.send(url, { ...init, headers })
    if (isOwn) for (const line of response.headers.getSetCookie()) this.keep(line)
    return response
  }

  /** Redirects are not followed here. */
  protected send(url: URL, init: RequestInit & { headers: Headers }): Promise<Response> {
    return fetch(url, { ...init, redirect: 'manual' })
  }

  /** Sends the form of the page whose action ends so, with its hidden fields and these. */
  submit(page: Page, action: string | RegExp, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const form = formsOf(page.html).find((candidate) =>
      typeof action === 'string' ? candidate.action === action : action.test(candidate.action),
    )
    if (!form)
      throw new Error(`There is no form for ${String(action)} on ${page.url} (${page.state ?? page.status}: ${page.heading ?? ''})`)
    return this.post(new URL(form.action, page.url), { ...form.fields, ...fields }, page.url)
  }

  post(url: string | URL, fields: Readonly<Record<string, string>>, from: string = this.home): Promise<Page> {
    return this.open(String(url), {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: new URL(from).origin, 'sec-fetch-site': 'same-origin' },
    })
  }

  cookie(name: string): string | undefined {
    return this.cookies.get(name)
  }

  private keep(line: string): void {
    const [pair = ''] = line.split(';')
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}

async function toPage(url: URL, response: Response): Promise<Page> {
  const html = await response.text()
  return {
    url: url.href,
    status: response.status,
    html,
    headers: response.headers,
    state: /<main[^>]*data-state="([^"]*)"/.exec(html)?.[1],
    heading: unescape(/<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.trim()),
  }
}

export interface Form {
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
}

/** The forms of a page with their hidden fields. */
export function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, attributes = '', body = '']) => ({
    action: unescape(/action="([^"]*)"/.exec(attributes)?.[1]) ?? '',
    fields: Object.fromEntries(
      [...body.matchAll(/<input\b([^>]*)>/g)]
        .map(
          ([, input = '']) =>
            [unescape(/name="([^"]*)"/.exec(input)?.[1]) ?? '', unescape(/value="([^"]*)"/.exec(input)?.[1]) ?? ''] as const,
        )
        .filter(([name]) => name !== ''),
    ),
  }))
}

const unescape = <T extends string | undefined>(text: T): T =>
  text
    ?.replace(/&#34;|&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&amp;/g, '&') as T
