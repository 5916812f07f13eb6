import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port'
import { startChild } from './child'
import type { Child } from './child'
import { runProgram } from './programs'

const PROJECT = join(__dirname, '..')

/** Builds the product as `npm run build` does, into a folder of its own with what stands beside it where it is installed. Answers with that folder. */
export async function buildProduct(folder: string): Promise<string> {
  const place = join(folder, 'product')
  mkdirSync(place, { recursive: true })
  const dist = join(place, 'dist')
  const compiler = join(PROJECT, 'node_modules/typescript/bin/tsc')
  await runProgram(process.execPath, [compiler, '-p', join(PROJECT, 'tsconfig.build.json'), '--outDir', dist]).catch((error: unknown) => {
    if (!existsSync(join(dist, 'src/main.js'))) throw error // A fault of types alone does not keep the code from running.
  })
  cpSync(join(PROJECT, 'package.json'), join(place, 'package.json'))
  for (const name of ['views', 'public', 'node_modules']) symlinkSync(join(PROJECT, name), join(place, name))
  return place
}

export interface GatewayOptions {
  readonly product: string
  readonly databaseUrl: string
  readonly upstreamUrl: string
  readonly withWorker?: boolean
}

/** More requests than any run makes: the request budget does its work and is never the limit. */
export const ENDLESS_BUDGET = '999999/1'

export const gatewayEnvironment = (port: number, databaseUrl: string, upstreamUrl: string): Record<string, string> => ({
  MODE: 'sandbox',
  PORT: String(port),
  PUBLIC_URL: `http://127.0.0.1:${port}`,
  DATABASE_URL: databaseUrl,
  INVOICEBOX_API_URL: upstreamUrl,
  INVOICEBOX_RATE_LIMIT: ENDLESS_BUDGET,
})

/** Starts the built gateway with the settings it comes with; its log goes nowhere. */
export async function startGateway({ product, databaseUrl, upstreamUrl, withWorker = false }: GatewayOptions): Promise<Child> {
  const port = await freePort()
  const args = ['dist/src/main.js', 'serve', ...(withWorker ? ['--with-worker'] : [])]
  return startChild({ args, port, cwd: product, env: gatewayEnvironment(port, databaseUrl, upstreamUrl) })
}
