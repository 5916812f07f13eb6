import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { changeRule, organisationByVat, parseRuleFile, planImport } from '../../src/autopay'
import { buildProgram } from '../../src/cli/program'
import { withParts } from '../../src/cli/run'
import { readConfig } from '../../src/config'
import { COMMAND_LINE } from '../../src/shared/actor'
import { makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

/** The command line in this process, which is quicker than a process for each command. */
describe('gateway autopay', () => {
  let database: TestDatabase
  let folder: string
  beforeAll(async () => {
    database = await makeDatabase('sqlite')
    folder = mkdtempSync(join(tmpdir(), 'gateway-rules-'))
    await json('autopay', 'organisations', 'add', '7710044140', '--name', 'ООО «Ромашка»', '--per-day', '1000')
    await json('autopay', 'organisations', 'add', '7702070139', '--name', 'АО «Василёк»')
  })
  afterEach(() => {
    process.exitCode = undefined
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true })
    await database.drop()
  })

  async function gateway(...words: string[]): Promise<{ out: string; problems: string; code: number }> {
    const env = { MODE: 'sandbox', DATABASE_URL: database.url, TWO_EYES_ROUBLES: '10000' }
    const [out, problems]: [string[], string[]] = [[], []]
    const spies = [listen('stdout', out), listen('stderr', problems)]
    process.exitCode = 0
    try {
      await buildProgram(() => readConfig(env, {})).parseAsync(words, { from: 'user' })
      return { out: out.join(''), problems: problems.join(''), code: process.exitCode }
    } finally {
      for (const spy of spies) spy.mockRestore()
    }
  }
  const listen = (name: 'stdout' | 'stderr', heard: string[]) =>
    jest.spyOn(process[name], 'write').mockImplementation((text: string | Uint8Array) => {
      heard.push(String(text))
      return true
    })
  async function json(...words: string[]): Promise<unknown> {
    const { out } = await gateway(...words, '--json')
    return JSON.parse(out)
  }
  const file = (text: string): string => {
    const path = join(folder, 'rules.yaml')
    writeFileSync(path, text)
    return path
  }
  const ROMASHKA = "organisation: '7710044140'"

  test('organisations begin off; on, off and stop turn all of them or one', async () => {
    const states = async (...words: string[]): Promise<string[]> =>
      ((await json('autopay', ...words)) as { autopay: string }[]).map(({ autopay }) => autopay)
    expect(await json('autopay', 'organisations')).toEqual([
      { organisation: '7702070139', name: 'АО «Василёк»', autopay: 'off', perDay: null, perMonth: null },
      { organisation: '7710044140', name: 'ООО «Ромашка»', autopay: 'off', perDay: '1000.00', perMonth: null },
    ])
    expect(await states('on', '--organisation', '7710044140')).toEqual(['off', 'on'])
    expect(await states('on')).toEqual(['on', 'on'])
    expect(await states('stop', '--organisation', '7710044140')).toEqual(['on', 'stopped'])
    expect(await states('stop')).toEqual(['stopped', 'stopped'])
    expect(await states('on', '--organisation', '7710044140')).toEqual(['stopped', 'on'])
    expect(await states('off')).toEqual(['off', 'off'])
    await expect(gateway('autopay', 'on', '--organisation', '1234567890')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('an import shows what it would do, and does it only when it is told to', async () => {
    const path = file(
      `rules:\n  - { name: Связь, ${ROMASHKA}, do: pay, when: { description: связ, amountUpTo: 5000 }, limits: { day: 9000 } }`,
    )
    const looked = await gateway('autopay', 'rules', 'import', path, '--json')
    expect([JSON.parse(looked.out), looked.code]).toEqual([
      expect.objectContaining({
        applied: false,
        added: [expect.objectContaining({ name: 'Связь', enabled: true })],
        changed: [],
        gone: [],
      }),
      1,
    ])
    expect((await gateway('autopay', 'rules', 'export')).out).toBe('rules: []\n')
    const done = await gateway('autopay', 'rules', 'import', path, '--yes')
    expect(done.code).toBe(0)
    expect(done.out).toContain('+ "Связь" (7710044140): added\n    of 0 invoices of the last 30 days it would: take none')
    const exported = file((await gateway('autopay', 'rules', 'export', '--organisation', '7710044140')).out)
    expect(await json('autopay', 'rules', 'import', exported, '--yes')).toMatchObject({
      applied: true,
      added: [],
      changed: [],
      unchanged: [{ name: 'Связь' }],
    })
  })

  test('a changed rule is told field by field; what the file does not name stays unless it prunes', async () => {
    const path = file(
      `rules:\n  - { name: Связь, ${ROMASHKA}, do: ask, when: { description: связ* }, enabled: false }\n  - { name: Новое, ${ROMASHKA}, do: hold }`,
    )
    expect(await json('autopay', 'rules', 'import', path, '--yes')).toMatchObject({
      added: [{ name: 'Новое' }],
      changed: [
        {
          name: 'Связь',
          differences: [
            { field: 'description', before: 'связ', after: 'связ*' },
            { field: 'amountUpTo', before: '5000.00', after: null },
            { field: 'do', before: 'pay', after: 'ask' },
            { field: 'perDay', before: '9000.00', after: null },
            { field: 'enabled', before: true, after: false },
          ],
        },
      ],
    })
    const one = file(`rules:\n  - { name: Новое, ${ROMASHKA}, do: hold }`)
    expect(await json('autopay', 'rules', 'import', one, '--yes')).toMatchObject({ gone: ['Связь'], removed: [] })
    expect((await gateway('autopay', 'rules', 'import', one, '--prune', '--yes')).out).toContain('- "Связь": removed')
    expect(((await json('autopay', 'rules', 'export')) as { rules: unknown[] }).rules).toHaveLength(1)
  })

  test('what lets out more than one person decides waits, the rest is written, and the command ends with 3', async () => {
    const path = file(
      `rules:\n  - { name: Всё, organisation: '7702070139', do: pay }\n  - { name: Малое, ${ROMASHKA}, do: pay, limits: { day: 100 } }`,
    )
    const { out, code } = await gateway('autopay', 'rules', 'import', path, '--yes', '--json')
    expect([code, JSON.parse(out)]).toEqual([
      3,
      expect.objectContaining({ waiting: [{ name: 'Всё', request: expect.any(String) as string }] }),
    ])
    expect((await gateway('autopay', 'rules', 'export')).out).toContain('name: Малое')
    expect((await gateway('autopay', 'rules', 'export')).out).not.toContain('name: Всё')
    // The same file once more asks nobody a second time.
    expect(((await json('autopay', 'rules', 'import', path, '--yes')) as { waiting: unknown }).waiting).toEqual(
      (JSON.parse(out) as { waiting: unknown }).waiting,
    )
    expect(await json('approvals', 'list')).toHaveLength(1)
  })

  /** Standard input that lets somebody else write before it answers: the plan is made by then, and nothing applied. */
  async function answerYesAfter<T>(meanwhile: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    const before = Object.getOwnPropertyDescriptor(process, 'stdin')
    let isAsked = false
    const typing = new Readable({
      read() {
        if (isAsked) return
        isAsked = true
        meanwhile().then(
          () => this.push('y\n'),
          (error: unknown) => this.destroy(error as Error),
        )
      },
    })
    Object.defineProperty(process, 'stdin', { value: typing, configurable: true })
    try {
      return await work()
    } finally {
      if (before) Object.defineProperty(process, 'stdin', before)
    }
  }

  /** What another person's import writes meanwhile. */
  const changeByAnother = (text: string): Promise<void> =>
    withParts(readConfig({ MODE: 'sandbox', DATABASE_URL: database.url }, {}), async (parts) => {
      const parsed = parseRuleFile(text)
      if (!parsed.ok) throw new Error('The file of the test has faults.')
      const planned = await planImport({ ...parts, zone: parts.config.timeZone }, parsed.value, COMMAND_LINE)
      if ('faults' in planned) throw new Error('The file of the test names nobody.')
      const { id: organisationId } = await organisationByVat(parts.db, COMMAND_LINE, '7710044140')
      for (const { present, entry } of planned.plan.imports) {
        if (!present) throw new Error('The rule of the test is not there.')
        const change = { ruleId: present.id, organisationId, basedOn: present.version, body: entry.body, enabled: false }
        await changeRule(parts, change, { author: COMMAND_LINE, reason: 'Meanwhile' })
      }
    })

  test('a rule that somebody changed meanwhile is told by name; the others are written, and nothing is pruned', async () => {
    const rules = (first: string, second: string, third: string): string =>
      `rules:\n${[first, second, third].map((as, n) => `  - { name: Часть ${n + 1}, ${ROMASHKA}, do: hold, when: { description: ${as} } }\n`).join('')}`
    await gateway(
      'autopay',
      'rules',
      'import',
      file(`${rules('а', 'б', 'в')}  - { name: Лишнее, ${ROMASHKA}, do: hold }\n`),
      '--prune',
      '--yes',
    )
    const meanwhile = `rules:\n  - { name: Часть 2, ${ROMASHKA}, do: hold, when: { description: чужое } }\n`
    const told = await answerYesAfter(
      () => changeByAnother(meanwhile),
      () => gateway('autopay', 'rules', 'import', file(rules('а1', 'б1', 'в1')), '--prune'),
    )
    expect(told.code).toBe(1)
    expect(told.out).toContain('Applied 2 of 3; not applied: "Часть 2" (rule_changed). Run the import again to see what is left.')
    expect(told.out).not.toContain('Done.')
    const { out } = await gateway('autopay', 'rules', 'export')
    for (const kept of ['а1', 'чужое', 'в1', 'Лишнее']) expect(out).toContain(kept)
    expect(out).not.toContain('б1')
    expect(await json('autopay', 'rules', 'import', file(rules('а1', 'б1', 'в1')), '--prune', '--yes')).toMatchObject({
      applied: true,
      refused: [],
      changed: [{ name: 'Часть 2' }],
      removed: ['Лишнее'],
    })
  })

  test('a file with faults changes nothing and tells each with its place', async () => {
    const path = file(`rules:\n  - { name: Верное, ${ROMASHKA}, do: hold }\n  - { name: Б, organisation: '1234567890', do: hold }\n`)
    expect(await gateway('autopay', 'rules', 'import', path, '--yes')).toEqual({
      out: '',
      problems:
        'Nothing was changed:\nrules[2].organisation: there is no organisation with the tax number 1234567890, or it is not yours.\n',
      code: 1,
    })
    const { problems } = await gateway(
      'autopay',
      'rules',
      'import',
      file('rules:\n  - { name: A, do: burn, limits: { days: 1 } }'),
      '--yes',
    )
    expect(problems.split('\n').filter((line) => line.startsWith('Line 2, rules[1]'))).toHaveLength(3)
    expect((await gateway('autopay', 'rules', 'import', join(folder, 'nowhere.yaml'))).problems).toContain('This file cannot be read.')
    expect((await gateway('autopay', 'rules', 'export')).out).not.toContain('Верное')
  })

  test('demo data bring organisations with rules of each kind, all off, and leave alone what is there', async () => {
    await gateway('demo-data')
    const { out } = await gateway('autopay', 'rules', 'export')
    for (const part of ['do: pay', 'do: ask', 'do: hold', 'enabled: false', '"7702070139"']) expect(out).toContain(part)
    await gateway('demo-data')
    expect((await gateway('autopay', 'rules', 'export')).out).toBe(out)
    expect(await json('autopay', 'organisations')).toEqual([
      expect.objectContaining({ organisation: '7702070139', autopay: 'off' }),
      expect.objectContaining({ organisation: '7710044140', autopay: 'off', perDay: '1000.00' }),
    ])
  })
})
