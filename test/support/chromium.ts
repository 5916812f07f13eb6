import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core'

const USUAL_PLACE = '/usr/bin/chromium'
const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where this machine keeps a Chromium: CHROMIUM_PATH when it is set, else the usual place, else whatever PATH offers. */
export function findChromium(): string | undefined {
  const given = process.env.CHROMIUM_PATH
  if (given) return given
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return [USUAL_PLACE, ...folders.flatMap((folder) => NAMES.map((name) => join(folder, name)))].find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

const NO_CHROMIUM =
  'NO CHROMIUM WAS FOUND: THE BROWSER TESTS DO NOT RUN. Install one (on Debian: apt-get install chromium) or set CHROMIUM_PATH to its executable.'

/** `describe` for tests that need a real browser. Without one they are left out with a loud message; where CI=true they fail instead. */
export function describeInChromium(name: string, tests: () => void): void {
  if (findChromium()) describe(name, tests)
  else if (process.env.CI === 'true') test(name, () => Promise.reject(new Error(NO_CHROMIUM)))
  else {
    process.stderr.write(`\n${'!'.repeat(80)}\n${NO_CHROMIUM}\nLeft out: ${name}\n${'!'.repeat(80)}\n\n`)
    describe.skip(name, tests)
  }
}

/** Nothing may leave the machine: the browser's own errands are off, and every name but the loopback's is unknown to it. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost',
]

/** One browser for a test file; each test takes contexts of its own from it. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error(NO_CHROMIUM)
  return chromium.launch({ executablePath, args: ARGUMENTS })
}

export type Language = 'ru' | 'en'

export interface Visit {
  readonly language?: Language
  readonly scripts?: boolean
  readonly width?: number
  readonly reducedMotion?: 'reduce' | 'no-preference'
}

const PATIENCE_MS = 10_000

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
