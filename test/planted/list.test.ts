import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, readText, tableRows } from '../code/tree'
import { PLANTED_BUGS } from './bugs'

test('every planted bug still has its place in the code, exactly one', () => {
  const lost = PLANTED_BUGS.flatMap(({ name, edits }) =>
    edits.filter(({ file, find }) => readText(file).split(find).length !== 2).map(({ file, find }) => `${name}: ${file}: ${find}`),
  )
  expect(lost).toEqual([])
})

test('there are eighteen or more, each with a name of its own and a test file to fall back on', () => {
  expect(PLANTED_BUGS.length).toBeGreaterThanOrEqual(18)
  expect(new Set(PLANTED_BUGS.map(({ name }) => name)).size).toBe(PLANTED_BUGS.length)
  const missing = PLANTED_BUGS.flatMap(({ tests }) => tests).filter((file) => !existsSync(join(ROOT, file)))
  expect(missing).toEqual([])
})

test('docs/testing.md tells of each what caught it', () => {
  const told = tableRows(readText('docs/testing.md')).map(([name]) => name)
  expect(PLANTED_BUGS.map(({ name }) => name).filter((name) => !told.includes(name))).toEqual([])
})
