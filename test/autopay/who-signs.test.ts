import { randomUUID } from 'node:crypto'
import { lettersAbout, readTidingsAfter, requireInvoice } from '../../src/autopay'
import { plus, SECOND } from '../../src/shared/clock'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { toDecimal } from '../../src/shared/money'
import { issueSetupCode, resetAccess, setStaffEmail } from '../../src/staff'
import type { SandboxInvoice } from '../support/sandbox-control'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe('who signs, and who is asked to', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ env: { TWO_EYES_ROUBLES: '5000' } })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const person = async (role: StaffRole): Promise<StaffActor> => (await StaffPerson.make(world, role)).actor
  const outcome = async (acme: Company, invoice: SandboxInvoice): Promise<string> =>
    told((await runs(world, { organisationId: acme.id })).items, invoice)
  async function asked(acme: Company, amount: string): Promise<SandboxInvoice> {
    const invoice = await bill(world, acme, { amount })
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    return invoice
  }
  async function sign(invoice: { id: string }, author: StaffActor): Promise<string> {
    const { amount } = await requireInvoice(world.db, author, invoice.id)
    const payload = { invoice: invoice.id, roubles: toDecimal(amount?.minor ?? 0n) }
    const order = { payload, author, reason: 'Ordered', key: randomUUID() }
    return (await world.parts.approvals.submit(world.parts.deeds.invoices.approve, order)).state
  }

  test('whoever let an earlier signer in, or was let in by them, gives no second signature', async () => {
    const root = await StaffPerson.make(world, 'admin')
    const [boss, made, oleg] = [root.actor, await person('approver'), await person('approver')]
    const steps = [
      { from: '5000', approvers: [made.id, boss.id] },
      { from: '50000', approvers: [made.id, boss.id, oleg.id] },
    ]
    const acme = await company(world, { steps })
    for (const { id } of [made, oleg]) await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    await rule(world, acme, { do: 'ask' })
    await resetAccess(world.parts.staff, made.id, { author: COMMAND_LINE, reason: 'test' })
    await issueSetupCode(world.parts.staff, made.id, boss)
    const [one, other] = [await asked(acme, '600.00'), await asked(acme, '700.00')]
    expect([await sign(one, made), await sign(other, boss)]).toEqual(['done', 'done'])
    await expect(sign(one, boss)).rejects.toMatchObject({ code: 'let_in_by_maker' })
    await expect(sign(other, made)).rejects.toMatchObject({ code: 'let_in_by_maker' })
    // The page has no form for it, and says why.
    await root.signsIn()
    const page = async (invoice: { id: string }, language: string): Promise<string> =>
      (await root.browser.open(`/admin/autopay/invoices/${invoice.id}?lang=${language}`)).html.replace(/\s+/g, ' ')
    expect(await page(one, 'ru')).toMatch(/кто-то из вас мог войти вместо другого.*gateway staff code/)
    expect(await page(one, 'en')).toMatch(/one of you could have signed in as the other.*gateway staff code/)
    expect(await page(other, 'en')).toContain('You have signed this invoice: the next signature is somebody else’s.')
    for (const invoice of [one, other]) expect(await page(invoice, 'ru')).not.toContain(`${invoice.id}/approve"`)
    expect([await sign(one, oleg), await sign(other, oleg)]).toEqual(['done', 'done'])
    expect(await outcome(acme, one)).toBe('paid pay switch_on')
  })

  test('who signs while the run is still paying has told whoever is next: the run does not tell them again', async () => {
    const [vera, nina] = [await person('approver'), await person('approver')]
    const steps = [
      { from: '5000', approvers: [vera.id] },
      { from: '50000', approvers: [nina.id] },
    ]
    const acme = await company(world, { steps })
    for (const { id, login } of [vera, nina]) {
      await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
      await setStaffEmail(world.parts.staff, id, `${login}@example.test`, { author: COMMAND_LINE, reason: 'test' })
    }
    await rule(world, acme, { do: 'ask' })
    const invoice = await asked(acme, '600.00')
    const tidings = async () => {
      const all = await readTidingsAfter(world.db, { after: '', limit: 1000 })
      return all.filter(({ organisationId, topic }) => organisationId === acme.id && topic === 'approval')
    }
    const [ofRun] = await tidings()
    await sign(invoice, vera)
    const ofSignature = (await tidings()).at(-1)
    if (!ofRun || !ofSignature) throw new Error('Nobody was told.')
    const asks = async (tiding: typeof ofRun) => (await lettersAbout(world.db, tiding, world.clock.now())).map(({ recipient }) => recipient)
    expect(await asks(ofSignature)).toEqual([`staff:${nina.id}`])
    expect(await asks({ ...ofRun, at: plus(world.clock.now(), 20 * SECOND) })).toEqual([])
  })
})
