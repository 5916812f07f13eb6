import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { STAFF_ROLES } from '../../src/shared/actor'
import { PERMISSIONS } from '../../src/shared/permissions'
import { REFUSALS } from '../../src/shared/refusals'
import { NEXT_STATES } from '../../src/payments/states'
import { ROOT, filesOf, readText, tableRows, word } from './tree'

const sources = [...filesOf('src', /\.ts$/), ...filesOf('migrations', /\.ts$/)]
const tests = filesOf('test', /\.ts$/)

test('no source file is longer than 300 lines', () => {
  expect(sources.filter((path) => readText(path).split('\n').length > 301)).toEqual([])
})

test('nothing is left to be done, no test stands alone and none is left out', () => {
  // Written apart, so that this file does not find itself.
  const left = new RegExp(['TO', 'DO|FIX', 'ME'].join(''))
  const alone = new RegExp(['\\.(on', 'ly|to', 'do)\\b\\s*[(.]|^\\s*(x|f)(it|test|describe)\\('].join(''), 'm')
  const leftOut = new RegExp(['\\b(test|it)\\.sk', 'ip\\b'].join(''))
  expect([...sources, ...tests].filter((path) => left.test(readText(path)))).toEqual([])
  expect(tests.filter((path) => alone.test(readText(path)) || leftOut.test(readText(path)))).toEqual([])
  // Whole files are left out where there is no browser or no connection pooler alone, loudly, and never where CI is set.
  const wholly = tests.filter((path) => readText(path).includes(['describe.sk', 'ip'].join('')))
  expect(wholly.sort()).toEqual(['test/support/needed-program.ts'])
})

test('docs/payment-states.md shows exactly the steps that the code allows', () => {
  const shown = tableRows(readText('docs/payment-states.md'))
    .map(([from, to]) => [word(from), word(to)])
    .filter(([from, to]) => from !== undefined && to !== undefined)
  const allowed = Object.entries(NEXT_STATES).flatMap(([from, next]) => next.map((to) => [from, to]))
  expect(shown.sort()).toEqual(allowed.sort())
})

test('docs/errors.md names exactly the refusals of the code, each with its status', () => {
  const shown = tableRows(readText('docs/errors.md'))
    .filter(([code, status]) => word(code) !== undefined && /^\d{3}$/.test(status ?? ''))
    .map(([code, status]) => [word(code) as string, Number(status)] as const)
  expect(shown).toHaveLength(new Set(shown.map(([code]) => code)).size)
  expect(Object.fromEntries(shown)).toEqual(REFUSALS)
})

test('views print everything as text: only other views and drawings of ours go in as they are', () => {
  const unescaped = filesOf('views', /\.ejs$/).flatMap((path) =>
    [...readText(path).matchAll(/<%-([^%]*)/g)].map(([, code = '']) => code.trim()).filter((code) => !/^(include\(|DRAWINGS\[)/.test(code)),
  )
  expect(unescaped).toEqual([])
})

test('docs/back-office.md shows the role matrix of the code', () => {
  const shown = tableRows(readText('docs/back-office.md'))
    .filter(([right]) => Object.hasOwn(PERMISSIONS, word(right) ?? ''))
    .map(([right, ...cells]) => [word(right), STAFF_ROLES.filter((_role, index) => cells[index] === 'yes')])
  expect(Object.fromEntries(shown)).toEqual(PERMISSIONS)
})

test('docs/errors.md names every kind of alert', () => {
  const [, kinds = ''] = /export type AlertKind =([^\n]*(?:\n\s+\|[^\n]*)+)/.exec(readText('src/shared/alerts.ts')) ?? []
  const names = [...kinds.matchAll(/'(\w+)'/g)].map(([, name]) => name as string)
  expect(names.length).toBeGreaterThan(5)
  const document = readText('docs/errors.md')
  expect(names.filter((name) => !document.includes(name))).toEqual([])
})

test('.env.example has exactly the settings that config.ts reads', () => {
  const files = ['config.ts', ...readdirSync(join(ROOT, 'src', 'config')).map((name) => `config/${name}`)]
  const read = files.flatMap((name) => [...readText(`src/${name}`).matchAll(/^ {2}([A-Z][A-Z_0-9]+):/gm)].map(([, setting]) => setting))
  const example = [...readText('.env.example').matchAll(/^#? ?([A-Z][A-Z_0-9]+)=/gm)].map(([, name]) => name)
  expect(read.length).toBeGreaterThan(10)
  expect(example.sort()).toEqual(read.sort())
})

test('every refusal occurs in a test', () => {
  const texts = tests.filter((path) => path !== 'test/code/code.test.ts').map(readText)
  expect(Object.keys(REFUSALS).filter((code) => !texts.some((text) => new RegExp(`\\b${code}\\b`).test(text)))).toEqual([])
})

test('every link between the documents leads somewhere', () => {
  const documents = ['README.md', 'CHANGELOG.md', ...filesOf('docs', /\.md$/), ...filesOf('src', /\.md$/)].filter((path) =>
    existsSync(join(ROOT, path)),
  )
  const broken = documents.flatMap((path) =>
    [...readText(path).matchAll(/\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]*))?\)/g)]
      .filter(([, target = '', anchor]) => {
        const file = target === '' ? join(ROOT, path) : join(ROOT, dirname(path), target)
        if (!existsSync(file)) return true
        return anchor !== undefined && file.endsWith('.md') && !anchorsOf(readText(file.slice(ROOT.length + 1))).includes(anchor)
      })
      .map(([link]) => `${path}: ${link}`),
  )
  expect(broken).toEqual([])
})

/** What GitHub makes of the headings. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  )
