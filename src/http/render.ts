import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ejs from 'ejs'
import { VIEWS_FOLDER } from './folders'

/** Renders a view by its name under `views/`, without the ending. An unknown name is a bug and throws. */
export type Render = (view: string, data: object) => string

/** Compiles every view once, at start: a view that does not compile keeps the app from starting, not a member from paying. */
export function loadViews(): Render {
  const names = readdirSync(VIEWS_FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ejs'))
  const views = new Map(names.map((file) => [file.slice(0, -'.ejs'.length).replaceAll('\\', '/'), compile(join(VIEWS_FOLDER, file))]))
  return (view, data) => {
    const template = views.get(view)
    if (!template) throw new Error(`bug: no view "${view}"`)
    return template(data)
  }
}

const compile = (filename: string): ejs.TemplateFunction =>
  ejs.compile(readFileSync(filename, 'utf8'), { filename, root: VIEWS_FOLDER, cache: true })
