import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The project's own folder, whether this file runs from `src` or from `dist/src`. */
function projectFolder(): string {
  let folder = __dirname
  while (!existsSync(join(folder, 'package.json'))) {
    if (dirname(folder) === folder) throw new Error('The project folder was not found: no package.json above this file.')
    folder = dirname(folder)
  }
  return folder
}

export const PROJECT_FOLDER = projectFolder()
export const VIEWS_FOLDER = join(PROJECT_FOLDER, 'views')
export const PUBLIC_FOLDER = join(PROJECT_FOLDER, 'public')
