import type { ApiCall } from './call'

/** What a proxy in front of the API might say instead of it. */
export const GARBAGE_PAGE =
  '<!DOCTYPE html><html lang="ru"><head><title>Технические работы</title></head><body><h1>Сервис временно недоступен</h1></body></html>'

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/** A framework's error page that repeats the request. */
export const ERROR_PAGE = (call: ApiCall): string =>
  `<!DOCTYPE html><html><head><title>500 Internal Server Error</title></head><body><h1>Oops! An Error Occurred</h1>` +
  `<pre>${escapeHtml(`${call.method} ${call.path}\n${call.body.toString('utf8').slice(0, 2_000)}`)}</pre></body></html>`
