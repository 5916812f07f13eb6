import { BadConfig, readConfig } from './config'
import { buildProgram } from './cli/program'
import { NotMoney } from './shared/money'
import { NotReady } from './shared/not-ready'
import { Refusal } from './shared/refusals'
import type { RefusalCode } from './shared/refusals'
import { createTexts } from './shared/texts'

/** The command line: `npm run -s gateway -- COMMAND …`. Ends with 0, or with 1 and a plain sentence on standard error. */
async function main(): Promise<void> {
  try {
    await buildProgram((purpose) => readConfig({}, undefined, purpose)).parseAsync()
  } catch (error) {
    process.stderr.write(`${sentence(error)}\n`)
    process.exitCode = 1
  }
}

/** These refusals speak of pages, which a command has none of. */
const OF_A_COMMAND: Partial<Record<RefusalCode, string>> = {
  not_found: 'There is no such thing here.',
  forbidden: 'This is not allowed here.',
  bad_input: 'This cannot be used; nothing was changed.',
}

function sentence(error: unknown): string {
  if (error instanceof Refusal) {
    const text = OF_A_COMMAND[error.code] ?? createTexts().translator('en')(`refusal.${error.code}`)
    return error.detail ? `${text} (${error.code}: ${error.detail})` : `${text} (${error.code})`
  }
  if (error instanceof BadConfig || error instanceof NotReady || error instanceof NotMoney) return error.message
  return environmentFault(error) ?? (error instanceof Error ? (error.stack ?? error.message) : String(error))
}

/** A database that is not there, is none, or does not let us in. */
const NO_DATABASE = /^(ECONN|ENOTFOUND|EAI_|EHOST|ETIMEDOUT|SQLITE_(CANTOPEN|NOTADB|READONLY)|28|3D|08|57P)/

/** What is wrong with the machine around us is no bug of ours, so it is told without a stack. The messages name hosts and files, never passwords. */
function environmentFault(error: unknown): string | undefined {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: string }
  if (typeof code !== 'string') return undefined
  if (syscall === 'listen') return `The gateway cannot listen there (${code}). Check HOST and PORT.`
  return NO_DATABASE.test(code) ? `The database cannot be used: ${message || code}. Check DATABASE_URL.` : undefined
}

void main()
