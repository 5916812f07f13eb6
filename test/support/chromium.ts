import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'
import { describeWith, findProgram } from './needed-program'

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where this machine keeps a Chromium: CHROMIUM_PATH when it is set, else the usual place, else whatever PATH offers. */
export const findChromium = (): string | undefined => process.env.CHROMIUM_PATH || findProgram('/usr/bin/chromium', NAMES)

const NO_CHROMIUM =
  'NO CHROMIUM WAS FOUND: THE BROWSER TESTS DO NOT RUN. Install one (on Debian: apt-get install chromium) or set CHROMIUM_PATH to its executable.'

/** `describe` for tests that need a real browser. */
export const describeInChromium = (name: string, tests: () => void): void => describeWith(findChromium(), NO_CHROMIUM, name, tests)

/** Nothing may leave the machine: the browser's own errands are off, and every name but the loopback's is unknown to it. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** One browser for a test file; each test takes contexts of its own from it. @param more arguments besides the usual ones */
export function launchChromium(more: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error(NO_CHROMIUM)
  return chromium.launch({ executablePath, args: [...ARGUMENTS, ...more] })
}

export type Language = 'ru' | 'en'

export interface Visit {
  readonly language?: Language
  readonly scripts?: boolean
  readonly width?: number
  readonly reducedMotion?: 'reduce' | 'no-preference'
}

/** Only what never comes is given up. */
const PATIENCE_MS = 25_000

/** A visitor with a browser profile of their own. */
export async function newVisitor(
  browser: Browser,
  { language = 'ru', scripts = true, width = 1280, reducedMotion }: Visit = {},
): Promise<BrowserContext> {
  const options: BrowserContextOptions = {
    locale: language === 'ru' ? 'ru-RU' : 'en-US',
    javaScriptEnabled: scripts,
    viewport: { width, height: 800 },
    ...(reducedMotion ? { reducedMotion } : {}),
  }
  const context = await browser.newContext(options)
  context.setDefaultTimeout(PATIENCE_MS)
  return context
}
