import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { constants, Script } from 'node:vm'
import type { Order } from './orders'

/**
 * Starts the child program, which is one file (`child-product.ts`), with what an earlier process has compiled of it: else compiling would be most of a start, and of the
 * first pages. What was compiled is only a help: where it does not fit the file, it is not used.
 */
const PROGRAM = join(__dirname, 'child-in-one.js')
const COMPILED = join(__dirname, 'child-in-one.compiled')

// The bundler writes ASCII alone; read as what it is, ten megabytes stay small and need no decoding.
const script = new Script(readFileSync(PROGRAM, 'latin1'), {
  filename: PROGRAM,
  importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  ...(existsSync(COMPILED) ? { cachedData: readFileSync(COMPILED) } : {}),
})

/** The file appears whole or not at all: another process may start at this moment, and others may write theirs. */
function keepCode(): void {
  const own = `${COMPILED}.${process.pid}`
  writeFileSync(own, script.createCachedData())
  renameSync(own, COMPILED)
}

process.on('message', (order: Order) => {
  if (order.do === 'keep-code') keepCode()
})

type Program = (exports: object, require: NodeJS.Require, module: { exports: object }, filename: string, folder: string) => void
const run = script.runInThisContext() as Program
const own = { exports: {} }
run(own.exports, createRequire(PROGRAM), own, PROGRAM, __dirname)
