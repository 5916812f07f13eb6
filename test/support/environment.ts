import { AsyncLocalStorage } from 'node:async_hooks'
import vm from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'

/** Two to a test file: one of the product's, one of Jest's. */
const storages = new Set<AsyncLocalStorage<unknown>>()

/**
 * Where a test file runs: Jest's own environment, at a lower price. What a module is to the tests does not change: each file evaluates all it imports anew.
 *
 * - A module is compiled once in a worker, not once for each test file.
 * - A store of a test file that has ended is let go. Otherwise Node goes through every one there ever was with each promise that is made.
 */
export default class Environment extends TestEnvironment {
  override async teardown(): Promise<void> {
    for (const storage of storages) storage.disable()
    storages.clear()
    await super.teardown()
  }
}

const scripts = new Map<string, { source: string; script: vm.Script }>()
const { compileFunction } = vm

vm.compileFunction = (source, names = [], options = {}) => {
  const { filename, parsingContext } = options
  if (!filename || !parsingContext || source.includes('import(')) return compileFunction(source, names, options)
  const head = `(function (${names.join(', ')}) {`
  const kept = scripts.get(filename)
  const isSame = kept?.source === source
  const script = isSame ? kept.script : new vm.Script(`${head}${source}\n})`, { filename, columnOffset: -head.length })
  if (!isSame) scripts.set(filename, { source, script })
  return script.runInContext(parsingContext) as ReturnType<typeof compileFunction>
}

const { run } = AsyncLocalStorage.prototype as { run: (this: AsyncLocalStorage<unknown>, ...given: unknown[]) => unknown }
AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...given: unknown[]) {
  storages.add(this)
  return run.apply(this, given)
} as typeof AsyncLocalStorage.prototype.run
