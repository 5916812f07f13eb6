import { execFileSync, spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/** Whom a program runs as. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root; then it runs as its own user. Undefined: as whoever we are. */
export function ownerOf(user: string): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string): number => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Runs a program to its end and answers with its standard output. @throws Error with what it said when it fails */
export async function runProgram(
  program: string,
  args: readonly string[],
  { owner, env, cwd }: { owner?: Owner | undefined; env?: Readonly<Record<string, string>>; cwd?: string } = {},
): Promise<string> {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    ...owner,
    ...(cwd !== undefined && { cwd }),
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [output, complaint, code] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  if (code !== 0) throw new Error(`${program} failed: ${complaint.trim().split('\n').slice(-3).join(' ')}`)
  return output
}
