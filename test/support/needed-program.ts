import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where this machine keeps a program: the usual place, else whatever PATH offers under one of its names. */
export function findProgram(usualPlace: string, names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return [usualPlace, ...folders.flatMap((folder) => names.map((name) => join(folder, name)))].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** `describe` for tests that need a program. Without it they are left out with a loud message; where CI=true they fail instead. */
export function describeWith(program: string | undefined, missing: string, name: string, tests: () => void): void {
  if (program) describe(name, tests)
  else if (process.env.CI === 'true') test(name, () => Promise.reject(new Error(missing)))
  else {
    process.stderr.write(`\n${'!'.repeat(80)}\n${missing}\nLeft out: ${name}\n${'!'.repeat(80)}\n\n`)
    describe.skip(name, tests)
  }
}
