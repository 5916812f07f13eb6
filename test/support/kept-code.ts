import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import Module from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'
import { constants, Script } from 'node:vm'

/**
 * Loaded before a program of ours (`node --require`), so that a process that a test starts takes what an earlier one has found and compiled: two thirds of a start is
 * looking for seven hundred files and compiling them. Each module is evaluated as ever, from the same text, under the same name. Files of one run of the tests do not
 * change; what is kept stands beside them and goes with them.
 */
const KEPT = join(__dirname, 'kept-code.bin')
/** A process that met fewer new modules leaves what is kept as it is: writing costs more than compiling them. */
const WORTH_KEEPING = 20

/** Where the text of a module and what was compiled of it stand in the kept bytes. */
type Place = readonly [text: number, code: number, end: number]

interface Index {
  readonly files: Record<string, Place>
  /** File names by the folder that asked and the name that it asked for. */
  readonly paths: Record<string, string>
}

interface Loader {
  _resolveFilename(request: string, parent: NodeJS.Module | undefined, isMain: boolean, options?: object): string
  _extensions: Record<string, (module: CompilingModule, filename: string) => void>
  _cache: object
  prototype: CompilingModule
}

interface CompilingModule extends NodeJS.Module {
  _compile: (this: CompilingModule, text: string, filename: string, format?: string) => unknown
}

type Evaluate = (exports: unknown, require: unknown, module: unknown, filename: string, folder: string) => unknown

const loader = Module as unknown as Loader
const { index, bytes } = readKept()
const added = new Map<string, { text: string; script: Script }>()

function readKept(): { index: Index; bytes: Buffer } {
  try {
    const all = readFileSync(KEPT)
    const begin = 4 + all.readUInt32LE(0)
    return { index: JSON.parse(all.toString('utf8', 4, begin)) as Index, bytes: all.subarray(begin) }
  } catch {
    return { index: { files: {}, paths: {} }, bytes: Buffer.alloc(0) }
  }
}

const find = loader._resolveFilename.bind(loader)
loader._resolveFilename = (request, parent, isMain, options) => {
  if (!parent?.filename || options !== undefined) return find(request, parent, isMain, options)
  const key = `${dirname(parent.filename)} ${request}`
  const known = index.paths[key]
  if (known !== undefined) return known
  const found = find(request, parent, isMain)
  if (isAbsolute(found)) index.paths[key] = found
  return found
}

const loadFile = loader._extensions['.js']
loader._extensions['.js'] = (module, filename) => {
  const place = index.files[filename]
  if (place) module._compile(bytes.toString('utf8', place[0], place[1]), filename)
  else loadFile?.(module, filename)
}

let main: CompilingModule | undefined
const noteMain = (module: CompilingModule): void => {
  if (module.id === '.') main = module
}
const compile = loader.prototype._compile
loader.prototype._compile = function (text, filename, format) {
  if (format === 'module' || filename.endsWith('.mjs')) return compile.call(this, text, filename, format)
  noteMain(this)
  const place = index.files[filename]
  const script = new Script(`(function (exports, require, module, __filename, __dirname) {${text.replace(/^#!.*/, '')}\n})`, {
    filename,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    ...(place ? { cachedData: bytes.subarray(place[1], place[2]) } : {}),
  })
  if (!place) added.set(filename, { text, script })
  const evaluate = script.runInThisContext() as Evaluate
  return evaluate.call(this.exports, this.exports, requireOf(this), this, filename, dirname(filename))
}

function requireOf(module: CompilingModule): unknown {
  const resolve = (request: string, options?: object): string => loader._resolveFilename(request, module, false, options)
  return Object.assign((request: string): unknown => module.require(request), {
    resolve,
    main,
    cache: loader._cache,
    extensions: loader._extensions,
  })
}

/** The file appears whole or not at all: another process may start at this moment, and others may write theirs. */
function keep(): void {
  if (added.size < WORTH_KEEPING) return
  const parts = [bytes]
  let at = bytes.length
  for (const [filename, { text, script }] of added) {
    const pair = [Buffer.from(text), script.createCachedData()] as const
    const code = at + pair[0].length
    index.files[filename] = [at, code, (at = code + pair[1].length)]
    parts.push(...pair)
  }
  const head = Buffer.from(JSON.stringify(index))
  const length = Buffer.alloc(4)
  length.writeUInt32LE(head.length)
  const own = `${KEPT}.${String(process.pid)}`
  writeFileSync(own, Buffer.concat([length, head, ...parts]))
  renameSync(own, KEPT)
  added.clear()
}

process.once('exit', keep)
/** For a program that will be killed: see `gateway-process.ts`. */
Object.assign(globalThis, { keepCode: keep })
