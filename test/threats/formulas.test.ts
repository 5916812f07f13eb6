import { randomUUID } from 'node:crypto'
import { parse } from 'csv-parse/sync'
import { beginRun, carryOutRun, readOrganisations, takeIn } from '../../src/autopay'
import { depositFund } from '../../src/fund'
import type { Route } from '../../src/http'
import { addMember, creditMember } from '../../src/members'
import { reconcile } from '../../src/reconciliation'
import { COMMAND_LINE } from '../../src/shared/actor'
import { CSV_BOM } from '../../src/shared/csv'
import { parseMoney } from '../../src/shared/money'
import { Shop } from '../orders/shop'
import { fillPath, makeObjects } from '../routes/objects'
import { nameOf, named, readRouteTable } from '../routes/table'
import type { Browser } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

const table = readRouteTable()
afterAll(() => table.close())

/** What gives files: a route that answers with a table under another name is found by the last test. */
const files = table.routes.filter(({ method, path }) => method === 'get' && path.endsWith('.csv'))
const PLAN = '/admin/autopay/plan.csv'

/** Those in which nothing stands that anybody writes as they like: ids, numbers of ours, logins, amounts. */
const WITHOUT_TEXTS = ['/admin/orders.csv', '/admin/members.csv']

/** Where no filter shows nothing. */
const FILTERS: Readonly<Record<string, string>> = { '/admin/autopay/queue.csv': '?tab=new' }

const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/u
const NUMBER = /^-\d+(?:[.,]\d+)?$/
const begins = (cell: string): boolean => FORMULA.test(cell) && !NUMBER.test(cell)

/** A formula at its beginning, and others for a reader to whom commas, tabs or line ends part cells whatever the quotes. */
const hostile = (sign: string): string => `${sign}EVIL(1),=EVIL(2)`
const hostileLines = (sign: string): string => `${hostile(sign)}\n@EVIL(3)\t+EVIL(4)`

describe('what somebody writes begins no formula in any file that the product gives', () => {
  let world: World
  let owner: Buyer
  let admin: Browser
  let objects: Map<string, string>

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo' } })
    owner = await world.member({ points: '500.00', login: 'owner' })
    objects = await makeObjects(files, world, owner)
    await writeHostileTexts()
    const person = await StaffPerson.make(world, 'admin')
    await person.signsIn()
    admin = person.browser
    await owner.signsIn()
  }, 60_000)
  afterAll(() => world.close())

  async function writeHostileTexts(): Promise<void> {
    const { parts, sandbox } = world
    const by = { author: COMMAND_LINE, reason: hostile('=') }
    await addMember(parts, {
      login: 'a@b.example',
      password: PASSWORD,
      fullName: hostile('＝'),
      email: '=evil@x.example',
      actor: COMMAND_LINE,
    })
    await creditMember(parts, {
      login: 'owner',
      amount: parseMoney('5', 'PTS'),
      reason: hostile('+'),
      key: randomUUID(),
      actor: COMMAND_LINE,
    })
    await depositFund(parts, { amount: parseMoney('5', 'RUB'), reason: hostile('@'), key: randomUUID(), actor: COMMAND_LINE })
    await owner.pays(await sandbox.invoice({ amount: '12.34', number: hostile('=').slice(0, 30), description: hostileLines('-') }))
    await new Shop(world).buys(owner, '12.34')
    const organisationId = randomUUID()
    const organisation = {
      organisationId,
      name: hostile('＋'),
      vatNumber: '7811111119',
      perDay: null,
      perMonth: null,
      steps: '',
      staff: '',
    }
    await parts.deeds.organisations.change.perform(organisation, { ...by, key: randomUUID() })
    const customer = { type: 'legal', name: hostile('='), vatNumber: organisation.vatNumber }
    const bill = await sandbox.invoice({ amount: '12.34', number: hostile('-').slice(0, 30), description: hostileLines('='), customer })
    await takeIn(parts, await readOrganisations(world.db), { invoiceId: bill.id })
    const open = await sandbox.invoice({ amount: '12.34', number: hostile('+').slice(0, 30), description: hostileLines('@'), customer })
    await takeIn(parts, await readOrganisations(world.db), { invoiceId: open.id })
    const run = await beginRun(parts, { author: COMMAND_LINE, scope: { invoiceId: bill.id } })
    if (run) await carryOutRun(parts, run)
    objects.set('/admin/autopay/runs/:id', run?.id ?? '')
    await sandbox.invoice({ amount: '12.34', status: 'paid', number: hostile('@').slice(0, 30), description: hostileLines('+') })
    await reconcile(parts, { author: COMMAND_LINE, resolves: false })
  }

  const fileOf = async (route: Route): Promise<string> => {
    const browser = route.policy.kind === 'member' ? owner.browser : admin
    const answer = await browser.fetch(fillPath(route, objects) + (FILTERS[route.path] ?? ''))
    expect([nameOf(route), answer.status, answer.headers.get('content-type')]).toEqual([nameOf(route), 200, 'text/csv; charset=utf-8'])
    expect(answer.headers.get('content-length')).toBeNull()
    return Buffer.from(await answer.arrayBuffer()).toString('utf8')
  }

  test.each(named(files))('%s', async (_name, route) => {
    const text = await fileOf(route)
    expect(text.startsWith(CSV_BOM)).toBe(true)
    expect([route.path, text.includes('EVIL')]).toEqual([route.path, !WITHOUT_TEXTS.includes(route.path)])
    const body = text.slice(CSV_BOM.length)
    const rows: string[][] = parse(body, { delimiter: ';', record_delimiter: '\r\n' })
    expect(rows.length).toBeGreaterThan(1)
    expect(rows.flat().filter(begins)).toEqual([])
    // A spreadsheet of another country parts cells by commas or tabs, and then takes the quotes in the middle of a line for text.
    expect(body.split(/[,\t\r\n]/).filter(begins)).toEqual([])
    // Amounts are decimal text without blanks, whatever the language.
    expect(rows.flat().filter((cell) => /^-?\d[\d\s\u00a0]*[.,]\d\d$/.test(cell) && !/^-?\d+\.\d\d$/.test(cell))).toEqual([])
  })

  test('every page that gives a table as a file is among them', async () => {
    const others = table.routes.filter(
      (route) => route.method === 'get' && !files.includes(route) && !/:(?!id|number|tab)/.test(route.path),
    )
    expect(files.map(({ path }) => path)).toContain(PLAN)
    const all = await makeObjects(others, world, owner)
    for (const route of others) {
      const answer = await (route.policy.kind === 'member' ? owner.browser : admin).fetch(fillPath(route, all))
      expect([nameOf(route), answer.headers.get('content-type') ?? '']).toEqual([
        nameOf(route),
        expect.not.stringMatching(/csv|tab-sep|excel|sheet/),
      ])
      await answer.body?.cancel()
    }
  }, 60_000)
})
