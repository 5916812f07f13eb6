import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import ejs from 'ejs'
import { VIEWS_FOLDER } from './folders'

/** Renders a view by its name under `views/`, without the ending. An unknown name is a bug and throws. */
export type Render = (view: string, data: object) => string

type Values = Readonly<Record<string, unknown>>
type Template = (values: Values) => string
/** Answers with a view, compiled for values of these names. */
type Find = (view: string, names: readonly string[]) => Template

/**
 * Compiles every view once, at start: a view that does not compile keeps the app from starting, not a member from paying.
 * EJS as it comes looks every name up at run time (`with`), a form that the engine cannot compile to machine code, and every partial up in its cache. Here the names that
 * a view is given become its variables, and a partial is found once for each place that includes it. A view that says a name it is not given throws, as ever.
 */
export function loadViews(): Render {
  const files = readdirSync(VIEWS_FOLDER, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ejs'))
  const texts = new Map(files.map((file) => [nameOf(file), readFileSync(join(VIEWS_FOLDER, file), 'utf8')]))
  const compiled = new Map<string, Template>()
  const find: Find = (view, names) => {
    const key = `${view} ${names.join()}`
    const known = compiled.get(key)
    if (known) return known
    const text = texts.get(view)
    if (text === undefined) throw new Error(`bug: no view "${view}"`)
    const template = compile(view, text, names, find)
    compiled.set(key, template)
    return template
  }
  for (const view of texts.keys()) find(view, [])
  return (view, data) => find(view, Object.keys(data))(data as Values)
}

const nameOf = (file: string): string => file.slice(0, -'.ejs'.length).replaceAll('\\', '/')

function compile(view: string, text: string, names: readonly string[], find: Find): Template {
  const filename = join(VIEWS_FOLDER, `${view}.ejs`)
  const template = ejs.compile(text, { filename, strict: true, destructuredLocals: ['include', ...names] })
  const partials = new Map<string, Template>()
  const partial = (path: string, added: readonly string[]): Template => {
    const key = `${path} ${added.join()}`
    const known = partials.get(key)
    if (known) return known
    const found = find(posix.resolve('/', posix.dirname(view), path).slice(1), [...new Set([...names, ...added])])
    partials.set(key, found)
    return found
  }
  return (values) =>
    template({
      ...values,
      include: (path: string, more: Values = {}) => partial(path, Object.keys(more))({ ...values, ...more }),
    })
}
