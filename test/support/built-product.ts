import { copyFileSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { transformFileSync } from '@swc/core'

export const ROOT = join(__dirname, '..', '..')

/** What the product reads beside its code. */
const BESIDE = ['package.json', 'node_modules', 'views', 'public']
const COMPILED = ['src', 'migrations']

/**
 * Compiles the product, and these programs of the tests beside it, into a folder, once for a whole run: a process that has nothing to compile starts in a fraction
 * of the time.
 * @param programs TypeScript files by their paths under the root, with those that they import at run time and that are not of the product
 */
export function buildProduct(folder: string, programs: readonly string[] = []): void {
  for (const path of [...COMPILED, ...programs]) compile(path, folder)
  for (const name of BESIDE) symlinkSync(join(ROOT, name), join(folder, name))
}

/** A file of the product as the run's own setup has compiled it. @param path under the root, such as `src/main.ts` */
export function builtFile(path: string): string {
  const folder = process.env.TEST_PRODUCT
  if (!folder) throw new Error('The tests need TEST_PRODUCT, which test/support/global-setup.ts sets.')
  return join(folder, path.replace(/\.ts$/, '.js'))
}

/** What `node` is told to start such a file, sooner than it would by itself: see `kept-code.ts`. */
export const startedWith = (file: string): string[] => ['--require', builtFile('test/support/kept-code.ts'), file]

function compile(path: string, folder: string): void {
  const source = join(ROOT, path)
  if (statSync(source).isDirectory()) {
    for (const name of readdirSync(source)) compile(join(path, name), folder)
    return
  }
  const target = join(folder, path.replace(/\.ts$/, '.js'))
  mkdirSync(dirname(target), { recursive: true })
  if (!path.endsWith('.ts')) {
    copyFileSync(source, target)
    return
  }
  const { code } = transformFileSync(source, {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  })
  writeFileSync(target, code)
}
