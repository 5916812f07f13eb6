import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beginRun, carryOutRun } from '../../src/autopay'
import type { Run } from '../../src/autopay'
import type { FaultPoint } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { bill, company, rule, runs } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import type { Page } from '../support/browser'
import { readLetter } from '../support/mail-server'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

const plain = (html: string): string =>
  html
    .replaceAll('\u00a0', ' ')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
const RUNS = '/admin/autopay/runs'

describe('what people read of a run whose process has ended', () => {
  let world: World
  let admin: StaffPerson
  let atStep: (step: FaultPoint) => void = () => undefined
  const letters = mkdtempSync(join(tmpdir(), 'letters-'))
  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', MAIL_URL: `file:${letters}` }, faultPoint: (step) => atStep(step) })
    admin = await StaffPerson.make(world, 'admin')
    await admin.signsIn()
  })
  afterEach(() => {
    atStep = () => undefined
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const open = (path: string): Promise<Page> => admin.browser.open(path)
  const begin = async ({ id }: Company): Promise<Run> => {
    const run = await beginRun(world.parts, { author: COMMAND_LINE, scope: { organisationId: id } })
    if (!run) throw new Error('It was begun before.')
    return run
  }
  const mailed = async (): Promise<string[]> => {
    const before = new Set(readdirSync(letters))
    while ((await world.parts.notices.queue()) > 0);
    while ((await world.parts.notices.sendMail()) > 0);
    const fresh = readdirSync(letters).filter((name) => !before.has(name))
    return fresh.map((name) => readLetter({ source: readFileSync(join(letters, name), 'utf8') }).body.replaceAll('\u00a0', ' '))
  }
  /** What the run's page, the list of runs and the overview say. */
  const told = async ({ id }: Run): Promise<string[]> => {
    const pages = await Promise.all([`${RUNS}/${id}`, RUNS, '/admin/autopay'].map(open))
    const [run = '', ...lists] = pages.map(({ html }) => html)
    return [run, ...lists.map((html) => new RegExp(`<tr[^>]*>(?:(?!</tr>)[^])*${id}[^]*?</tr>`).exec(html)?.[0] ?? '')].map(plain)
  }

  test('killed before it has kept anything: nothing says that it goes on, or that there were no invoices', async () => {
    const acme = await company(world, { contacts: ['buh@acme.example'] })
    await rule(world, acme)
    await bill(world, acme, { amount: '7.00' })
    const run = await begin(acme)
    for (const text of await told(run)) expect(text).toMatch(/идёт/)

    await world.passes(20_000)
    for (const text of await told(run))
      expect([text, /прервался: процесс завершился/.test(text), /идёт/.test(text)]).toEqual([text, true, false])
    expect((await told(run))[0]).toContain('Запуск продолжит фоновый процесс')
    expect((await told(run))[0]).not.toContain('Читаем счета')
    expect(plain((await open(`${RUNS}/${run.id}?lang=en`)).html)).toContain('interrupted: its process ended')
    await open(`${RUNS}/${run.id}?lang=ru`)

    await runs(world, { organisationId: acme.id })
    for (const text of await told(run)) expect(text).toMatch(/не дошёл до конца/)
    expect((await told(run))[0]).toContain('пустой список не значит, что счетов нет')
    expect((await told(run))[0]).not.toContain('Счетов в этом запуске нет')
    expect(await world.db('autopay_outbox').where({ source: run.id })).toEqual([])
    expect((await mailed()).filter((text) => text.includes('не дошёл до конца'))).toEqual([])
  })

  test('killed while it paid: page, list and letter tell how far it came, and that it did not come to its end', async () => {
    const acme = await company(world, { contacts: ['buh@acme.example'] })
    await rule(world, acme, { description: 'Вода' })
    for (const amount of ['1.00', '2.00', '3.00']) await bill(world, acme, { amount, description: `Вода ${amount}` })
    await bill(world, acme, { amount: '4.00', description: 'Неизвестно' })
    const run = await begin(acme)
    let isStopping = false
    atStep = (step) => {
      if (step === 'after-answer') isStopping = true
    }
    expect(await carryOutRun(world.parts, run, { isStopping: () => isStopping })).toBe('handed over')
    const [page, ...lists] = await told(run)
    for (const text of [page, ...lists]) expect(text).toMatch(/прервался: процесс завершился[\s\S]*Прочитано 4, оплата: \d из 3/)

    await runs(world, { organisationId: acme.id })
    for (const text of await told(run)) expect(text).toMatch(/не дошёл до конца[\s\S]*Прочитано 4, оплата: 3 из 3/)
    const [letter, ...others] = (await mailed()).filter((text) => text.includes(run.id))
    expect(others).toEqual([])
    expect(letter).toMatch(/Запуск не дошёл до конца: процесс завершился\.[\s\S]*3 на 6,00 ₽/)
  })
})
