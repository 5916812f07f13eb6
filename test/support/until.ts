import { setTimeout as pause } from 'node:timers/promises'

const LOOK_EVERY_MS = 10
/** Only what never comes is given up: a machine that is slow or busy gets as long as the test itself. */
const GIVEN_UP_AFTER_MS = 25_000

/** Looks again and again until something is so. @throws Error when it does not come */
export async function until(isSo: () => Promise<boolean> | boolean, what = 'what was waited for'): Promise<void> {
  const givenUpAt = performance.now() + GIVEN_UP_AFTER_MS
  while (!(await isSo())) {
    if (performance.now() > givenUpAt) throw new Error(`It never came to be: ${what}.`)
    await pause(LOOK_EVERY_MS)
  }
}
