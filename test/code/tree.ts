import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'

export const ROOT = join(__dirname, '..', '..')

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The files below a folder whose name ends so, as paths from the root. */
export function filesOf(folder: string, ending: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => join(ROOT, folder, name))
    .filter((path) => ending.test(path) && statSync(path).isFile())
    .map((path) => relative(ROOT, path))
    .sort()
}

/** The rows of every Markdown table of a text, cell by cell. */
export const tableRows = (markdown: string): string[][] =>
  markdown
    .split('\n')
    .filter((line) => /^\|.*\|\s*$/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )

/** The word between backticks that is all of a cell. */
export const word = (cell: string | undefined): string | undefined => /^`([^`]+)`$/.exec(cell ?? '')?.[1]
