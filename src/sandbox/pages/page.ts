import type { Request, Response } from 'express'
import { en } from './texts-en'
import { ru } from './texts-ru'
import type { Texts } from './texts-ru'

export type Lang = 'ru' | 'en'

/** What every view is given besides its own words. */
export interface Page {
  readonly lang: Lang
  readonly t: Texts
  /** A link that keeps the language. */
  readonly href: (path: string) => string
  readonly otherLangHref: string
  /** In the frame of a host page: what leads elsewhere opens in a tab of its own, since other sites need not agree to be framed. */
  readonly isFramed: boolean
}

export const langOf = (req: Request): Lang => (req.query['lang'] === 'en' ? 'en' : 'ru')

const withLang = (path: string, lang: Lang): string => (lang === 'ru' ? path : `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`)

/** What a change of the language must keep. */
const KEPT = ['order', 'page', 'app', 'minapp', 'preset', 'view', 'to']

function ownPath(req: Request): string {
  const kept = KEPT.flatMap((name) => {
    const value = req.query[name]
    return typeof value === 'string' ? [`${name}=${encodeURIComponent(value)}`] : []
  })
  return `${req.baseUrl}${req.path}${kept.length > 0 ? `?${kept.join('&')}` : ''}`
}

export function pageOf(req: Request): Page {
  const lang = langOf(req)
  const otherLangHref = withLang(ownPath(req), lang === 'ru' ? 'en' : 'ru')
  return {
    lang,
    t: lang === 'ru' ? ru : en,
    href: (path) => withLang(path, lang),
    otherLangHref,
    isFramed: req.headers['sec-fetch-dest'] === 'iframe',
  }
}

/** Renders a view from ready words only: no part of a request ever reaches the template as its options. */
export function render(req: Request, res: Response, view: string, model: Readonly<Record<string, unknown>>, status = 200): void {
  res.status(status).render(view, { page: pageOf(req), ...model })
}

/** POST is answered by 303 to a page of this site. */
export const goTo = (req: Request, res: Response, path: string): void => res.redirect(303, withLang(path, langOf(req)))
