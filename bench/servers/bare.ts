import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ejs from 'ejs'
import express from 'express'
import { createTexts } from '../../src/shared/texts'
import type { Translate } from '../../src/shared/texts'

/**
 * What Express and EJS cost by themselves, as a program: the port and a file with the page's model. The payment page's own template with its words and numbers
 * ready, no session, no database, no headers of ours; and a form handler that does nothing.
 */
const [, , port, modelFile = ''] = process.argv
const views = join(__dirname, '../../views')

const translate = createTexts().translator('ru')
const known = new Map<string, string>()
/** Each text is looked up once: the baseline has its words inlined. */
const t = ((...asked: Parameters<Translate>) => {
  const name = JSON.stringify(asked)
  const text = known.get(name) ?? translate(...asked)
  known.set(name, text)
  return text
}) as Translate

const page = {
  model: JSON.parse(readFileSync(modelFile, 'utf8')) as object,
  t,
  language: 'ru',
  layout: {
    program: { name: 'Бонусная программа' },
    banner: true,
    actor: { kind: 'member', login: 'bench-0' },
    otherLanguage: { href: '?lang=en', language: 'en' },
    reference: '0000-0000-0000',
    tokenField: '_csrf',
    token: () => '0'.repeat(64),
    asset: (name: string) => `/assets/${name}`,
  },
}

const app = express()
app.engine('ejs', (path, data, done) =>
  ejs.renderFile(path, data as ejs.Data, { root: views, cache: true }, (error, html) => done(error, html)),
)
app.set('view engine', 'ejs')
app.set('views', views)
app.enable('view cache')
app.get('/healthz', (_request, response) => void response.end())
app.get('/page', (_request, response) => response.render('payments/checkout', page))
app.post('/confirm', (_request, response) => void response.status(303).end())

const server = app.listen(Number(port), '127.0.0.1')
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
})
