import type { Request, RequestHandler, Response } from 'express'
import { isLanguage, LANGUAGES } from '../shared/texts'
import type { Language } from '../shared/texts'
import { isHttps } from './session'
import { stateOf } from './request-state'

const COOKIE = 'lang'
const A_YEAR = 365 * 24 * 60 * 60 * 1000

/** The language of the answer: the one just chosen by `?lang=`, the one chosen before, the browser's, Russian. */
export const chooseLanguage =
  (publicUrl: URL): RequestHandler =>
  (req, res, next) => {
    const chosen = req.query['lang']
    if (isLanguage(chosen)) remember(res, chosen, isHttps(publicUrl))
    stateOf(res).language = isLanguage(chosen) ? chosen : (rememberedLanguage(req) ?? browserLanguage(req))
    next()
  }

function remember(res: Response, language: Language, secure: boolean): void {
  res.cookie(COOKIE, language, { maxAge: A_YEAR, httpOnly: true, sameSite: 'lax', path: '/', secure })
}

function rememberedLanguage(req: Request): Language | undefined {
  const value = /(?:^|;\s*)lang=(\w+)/.exec(req.get('cookie') ?? '')?.[1]
  return isLanguage(value) ? value : undefined
}

function browserLanguage(req: Request): Language {
  const wanted = req.get('accept-language') === undefined ? false : req.acceptsLanguages(...LANGUAGES)
  return isLanguage(wanted) ? wanted : 'ru'
}

const LONGEST_LINK = 1_000

const LINK_ALONE = { ru: { href: '?lang=ru', language: 'ru' }, en: { href: '?lang=en', language: 'en' } } as const

/**
 * A link to the same page in the other language. It is a query alone, so the browser keeps the path and no path can turn it into a link elsewhere.
 * Null for pages that cannot be asked for again, such as the answer to a form.
 */
export function languageLink(req: Request, language: Language): { href: string; language: Language } | null {
  if (req.method !== 'GET' && req.method !== 'HEAD') return null
  const other: Language = language === 'ru' ? 'en' : 'ru'
  if (!req.originalUrl.includes('?')) return LINK_ALONE[other]
  const query = new URLSearchParams(req.originalUrl.split('?').slice(1).join('?'))
  query.set('lang', other)
  const href = `?${query.toString()}`
  return { href: href.length > LONGEST_LINK ? `?lang=${other}` : href, language: other }
}
