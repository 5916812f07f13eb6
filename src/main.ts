import { BadConfig, readConfig } from './config'
import { buildProgram } from './cli/program'
import { NotReady } from './serve'
import { Refusal } from './shared/refusals'
import { createTexts } from './shared/texts'

/** The command line: `npm run -s gateway -- COMMAND …`. Ends with 0, or with 1 and a plain sentence on standard error. */
async function main(): Promise<void> {
  try {
    await buildProgram(() => readConfig()).parseAsync()
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n`)
    process.exitCode = 1
  }
}

function sentence(error: unknown): string {
  if (error instanceof Refusal) {
    const text = createTexts().translator('en')(`refusal.${error.code}`)
    return error.detail ? `${text} (${error.code}: ${error.detail})` : `${text} (${error.code})`
  }
  if (error instanceof BadConfig || error instanceof NotReady) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

void main()
