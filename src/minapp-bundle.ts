import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type Esbuild from 'esbuild'
import { PROJECT_FOLDER, PUBLIC_FOLDER } from './http/folders'
import { sha256 } from './shared/ids'

/** The script of the mini-app: our own code and the official SDK in one file. */
const BUNDLE = join(PUBLIC_FOLDER, 'minapp.js')
const SOURCES = join(PROJECT_FOLDER, 'src', 'storefront', 'browser')
const BESIDE = join(SOURCES, '..', 'minapp-answer.ts')

/**
 * Builds the script where its sources are at hand and are not those that it was made of; where they are not, as in an installed product, the one of `npm run build` is used.
 * The bundler is no part of an installed product either, so it is looked for only when there is something to build.
 * @throws Error when there is nothing to use
 */
export function ensureBundle(): void {
  const mark = markOfSources()
  if (mark !== undefined && !firstLine().includes(mark)) build(mark)
  if (!existsSync(BUNDLE)) throw new Error('The script of the mini-app is missing. Run `npm run build` first.')
}

const firstLine = (): string => (existsSync(BUNDLE) ? (readFileSync(BUNDLE, 'utf8').split('\n', 1)[0] ?? '') : '')

/** Tells one state of the sources from another; undefined where there are none. */
function markOfSources(): string | undefined {
  if (!existsSync(join(SOURCES, 'main.ts'))) return undefined
  const files = [
    ...readdirSync(SOURCES)
      .sort()
      .map((name) => join(SOURCES, name)),
    BESIDE,
    join(PROJECT_FOLDER, 'package.json'),
  ]
  return sha256(files.map((file) => readFileSync(file, 'utf8')).join('\0'))
}

/** Undefined where only what runs was installed. */
function findBundler(): typeof Esbuild | undefined {
  try {
    return createRequire(__filename)('esbuild') as typeof Esbuild
  } catch {
    return undefined
  }
}

/** The SDK finds our guarded window where it says `window`: see `storefront/browser/sdk-window.ts`. The file appears whole or not at all, since others may build it at the same moment. */
function build(mark: string): void {
  const result = findBundler()?.buildSync({
    entryPoints: [join(SOURCES, 'main.ts')],
    inject: [join(SOURCES, 'sdk-window.ts')],
    banner: { js: `/* ${mark} */` },
    absWorkingDir: PROJECT_FOLDER,
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022'],
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  })
  if (!result) return
  const own = `${BUNDLE}.${process.pid}`
  writeFileSync(own, result.outputFiles[0]?.contents ?? '')
  renameSync(own, BUNDLE)
}

if (require.main === module) ensureBundle()
