import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10

/** Looks again and again until something is so. @throws Error when it takes too long */
export async function until(isSo: () => Promise<boolean> | boolean, what: string, atMostMs = 10_000): Promise<void> {
  const deadline = performance.now() + atMostMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`It never came to be: ${what}.`)
    await pause(LOOK_EVERY_MS)
  }
}
