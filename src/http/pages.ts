import type { Request, Response } from 'express'
import type { Actor } from '../shared/actor'
import type { Language, Texts, Translate } from '../shared/texts'
import { filterName } from '../shared/texts/faults'
import { actorOf } from './actors'
import type { Assets } from './assets'
import { formToken, TOKEN_FIELD } from './forgery'
import { languageLink } from './language'
import type { Render } from './render'
import { stateOf } from './request-state'

/** The programme as its members know it. */
export interface Program {
  readonly name: string
  /** A path of ours or an absolute http(s) address. */
  readonly logoUrl?: string | undefined
  /** How members reach the programme's support: a phone number or an address, as text. */
  readonly contact?: string | undefined
  /** `#rrggbb` */
  readonly accent?: string | undefined
}

/** What the frame around each page shows. */
export interface Layout {
  readonly program: Program
  readonly banner: boolean
  readonly actor: Actor | null
  readonly otherLanguage: { href: string; language: Language } | null
  readonly reference: string
  /** What is wrong with the address of a list, in sentences. */
  readonly faults: readonly string[]
  readonly tokenField: string
  /** The value of the hidden field of a form. Asking for it gives an anonymous visitor a session, so only pages with a form ask. */
  token(): string
  asset(name: string): string
}

interface PagesDeps {
  readonly render: Render
  readonly texts: Texts
  readonly assets: Assets
  readonly program: Program
  readonly banner: boolean
}

export interface Pages {
  translator(res: Response): Translate
  /** Renders a view and answers with it. A new session is stored first, so that its form cannot be sent before the session is there. */
  send(req: Request, res: Response, view: string, model: object, status: number): Promise<void>
}

export function createPages(deps: PagesDeps): Pages {
  const translator = (res: Response): Translate => deps.texts.translator(stateOf(res).language)
  return {
    translator,
    send: async (req, res, view, model, status) => {
      const tokenBefore = sessionToken(req)
      const html = deps.render(view, { model, t: translator(res), language: stateOf(res).language, layout: layoutOf(deps, req, res) })
      if (sessionToken(req) !== tokenBefore) await saveSession(req)
      sendHtml(res, status, html)
    },
  }
}

/** Express's `send` would look for a cached copy to compare with, which no page has: each is made for one reader and never kept. */
function sendHtml(res: Response, status: number, html: string): void {
  res.statusCode = status
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Content-Length', Buffer.byteLength(html))
  res.end(html, 'utf8') // As text it leaves together with the headers, in one write.
}

/** The session of a request that may have none: not every route reads it, and reading it may have failed. */
const sessionOf = (req: Request): Request['session'] | undefined => req.session

const sessionToken = (req: Request): string | null | undefined => sessionOf(req)?.csrfToken

function layoutOf(deps: PagesDeps, req: Request, res: Response): Layout {
  const { language, id, faulty } = stateOf(res)
  const t = deps.texts.translator(language)
  return {
    program: deps.program,
    banner: deps.banner,
    actor: actorOf(req),
    otherLanguage: languageLink(req, language),
    reference: id,
    faults: faulty.map(({ name, given }) => t('fault.filter', { field: filterName(name, t), given })),
    tokenField: TOKEN_FIELD,
    token: () => (sessionOf(req) ? formToken(req) : ''),
    asset: deps.assets.href,
  }
}

const saveSession = (req: Request): Promise<void> =>
  new Promise((resolve, reject) => {
    req.session.save((error?: Error | null) => (error ? reject(error) : resolve()))
  })
