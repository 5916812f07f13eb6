import { createInterface } from 'node:readline'

type Input = typeof process.stdin

const readers = new WeakMap<Input, AsyncIterator<string>>()

/**
 * The next line of standard input, without its end; the empty text when there is none. A command that needs two of them, such as a password and a yes, gets one after the
 * other, also where both were there from the start.
 */
export async function nextLine(): Promise<string> {
  const { stdin } = process
  const reader = readers.get(stdin) ?? createInterface({ input: stdin })[Symbol.asyncIterator]()
  readers.set(stdin, reader)
  keepWaiting(stdin, true)
  const read: IteratorResult<string, undefined> = await reader.next()
  keepWaiting(stdin, false)
  return read.value ?? ''
}

/** A terminal stays open after a line: the program must not wait for it unless somebody does. A file has no end that would have to be waited for. */
function keepWaiting(stdin: Input, isAwaited: boolean): void {
  if (!('unref' in stdin)) return
  if (isAwaited) stdin.ref()
  else stdin.unref()
}
