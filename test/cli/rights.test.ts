import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { buildProgram } from '../../src/cli/program'
import { signIn } from '../../src/members'
import { STAFF_ROLES } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { roleMay } from '../../src/shared/permissions'
import type { Permission } from '../../src/shared/permissions'
import { Refusal } from '../../src/shared/refusals'
import { company } from '../autopay/organisations'
import { run, workFolder } from '../config/run'
import { Shop } from '../orders/shop'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

const rules = (vatNumber: string): string => `rules:
  - name: Rent
    organisation: "${vatNumber}"
    when: { description: Rent }
    do: ask
`

/** What the commands are about. */
interface Things {
  readonly paymentId: string
  readonly orderNumber: string
  /** The tax number of an organisation to which everybody is assigned. */
  readonly vatNumber: string
  /** @returns the path of a file with this text */
  readonly file: (name: string, text: string) => string
}

/** Every command that takes `--as`, with the right it asks for. Who is erased is needed by those before. */
const commandsOf = ({ paymentId, orderNumber, vatNumber, file }: Things): readonly (readonly [Permission, string])[] => [
  ['members.add', 'members add newcomer --password long-enough-for-us'],
  ['members.adjust', 'members credit somebody 1.00'],
  ['members.adjust', 'members debit somebody 1.00'],
  ['members.lock', 'members lock somebody --reason test'],
  ['members.lock', 'members unlock somebody --reason test'],
  ['members.limits', 'members limits somebody --per-day 1'],
  ['members.limits', 'members limits --per-day 1'],
  ['fund.change', 'fund deposit 1.00'],
  ['fund.change', 'fund floor 1.00'],
  ['fund.change', 'fund overdraft 1.00'],
  ['payments.check', `payments check ${paymentId}`],
  ['payments.check', `payments resolve ${paymentId} --ask-again --reason test`],
  ['payments.resolve', `payments resolve ${paymentId} --void --reason test`],
  ['payments.resolve', `payments resolve ${paymentId} --capture t-1 --reason test`],
  ['payments.reverse', `payments reverse ${paymentId} --reason test`],
  ['orders.check', `orders check ${orderNumber}`],
  ['orders.read', `orders refund ${orderNumber} --preview`],
  ['orders.refund', `orders refund ${orderNumber} --reason test`],
  ['notifications.replay', `notifications replay ${randomUUID()}`],
  ['catalogue.change', `catalogue import-codes ${randomUUID()} ${file('codes.csv', 'AAAA-BBBB\n')} --reason test`],
  ['catalogue.change', `catalogue withdraw-codes ${randomUUID()} --reason test`],
  ['members.erase', 'guests forget somebody@example.org --reason test'],
  ['reconciliation.run', 'reconcile'],
  ['reconciliation.resolve', 'reconcile --resolve'],
  ['reconciliation.run', `reconcile --statement ${file('statement.csv', 'nothing;of;the;kind\n')}`],
  ['reconciliation.resolve', `reconcile --statement ${file('again.csv', 'nothing;of;the;kind\n')} --replaces ${randomUUID()}`],
  ['autopay.read', 'autopay plan'],
  ['autopay.run', `autopay run --organisation ${vatNumber}`],
  ['autopay.rules', `autopay rules import ${file('rules.yaml', rules(vatNumber))} --yes`],
  ['autopay.read', 'autopay rules export'],
  ['autopay.read', 'autopay organisations list'],
  ['organisations.change', 'autopay organisations add 7707083893 --name test'],
  ['autopay.run', 'autopay on --reason test'],
  ['autopay.run', 'autopay off --reason test'],
  ['autopay.stop', 'autopay stop --reason test'],
  ['notices.retry', `notices retry ${randomUUID()}`],
  ['alerts.close', `alerts close ${randomUUID()} --reason test`],
  ['approvals.decide', `approvals approve ${randomUUID()}`],
  ['approvals.decide', `approvals refuse ${randomUUID()} --reason test`],
  ['staff.change', 'staff add colleague --role viewer --reason test'],
  ['staff.change', 'staff role colleague support --reason test'],
  ['staff.change', 'staff email colleague colleague@example.org --reason test'],
  ['staff.change', 'staff disable colleague --reason test'],
  ['staff.change', 'staff enable colleague --reason test'],
  ['staff.change', 'staff reset-second-factor colleague --reason test'],
  ['members.erase', 'members erase somebody'],
]

/** The commands that take `--as`, as one types them. */
const commandsNamed = (command: Command, path: readonly string[] = []): string[] => [
  ...(command.options.some(({ long }) => long === '--as') ? [path.join(' ')] : []),
  ...command.commands.flatMap((each) => commandsNamed(each, [...path, each.name()])),
]

describe('at the command line', () => {
  const folder = workFolder()
  const people = new Map<StaffRole, StaffPerson>()
  let world: World
  let things: Things
  beforeAll(async () => {
    world = await World.make()
    for (const role of STAFF_ROLES) people.set(role, await StaffPerson.make(world, role, `the-${role}`))
    const { id, vatNumber } = await company(world)
    for (const { actor } of people.values()) await world.db('organisation_staff').insert({ organisation_id: id, staff_id: actor.id })
    const buyer = await world.member({ points: '100.00', login: 'somebody' })
    await buyer.pays(await world.sandbox.invoice({ amount: '10.00' }))
    const file = (name: string, text: string): string => {
      const path = join(folder.path, name)
      writeFileSync(path, text)
      return path
    }
    const [paymentId = '', { number }] = [(await world.payments())[0]?.id, await new Shop(world).bought(buyer, '50.00')]
    things = { paymentId, orderNumber: number, vatNumber, file }
  })
  afterAll(async () => {
    folder.remove()
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** `forbidden`, another refusal, or `done`. */
  async function outcomeOf(
    line: string,
    role: StaffRole,
    more: readonly string[] = [],
    mode: 'demo' | 'sandbox' = 'demo',
  ): Promise<string> {
    const config = { ...world.parts.config, mode, commandLinePassword: PASSWORD }
    const silent = [jest.spyOn(process.stdout, 'write').mockReturnValue(true), jest.spyOn(process.stderr, 'write').mockReturnValue(true)]
    try {
      await buildProgram(() => config).parseAsync([...line.split(' '), '--as', `the-${role}`, ...more], { from: 'user' })
      return 'done'
    } catch (error) {
      if (error instanceof Refusal) return error.code
      throw error
    } finally {
      for (const spy of silent) spy.mockRestore()
      process.exitCode = 0
    }
  }

  test('the table knows every command that a named person may give', () => {
    const named = commandsNamed(buildProgram(() => world.parts.config)).sort()
    expect(named.length).toBeGreaterThan(30)
    const listed = commandsOf(things).map(([, line]) => named.find((name) => `${line} `.startsWith(`${name} `)) ?? line)
    expect([...new Set(listed)].sort()).toEqual(named)
  })

  test('each of them does only for the roles of its right what it is for', async () => {
    // The second factor has a test of its own; without it each command needs the password alone.
    for (const [right, line] of commandsOf(things)) {
      const [refused, expected]: [Set<StaffRole>, StaffRole[]] = [new Set(), STAFF_ROLES.filter((role) => !roleMay(role, right))]
      for (const role of STAFF_ROLES) if ((await outcomeOf(line, role)) === 'forbidden') refused.add(role)
      expect([line, [...refused]]).toEqual([line, expected])
    }
  }, 240_000)

  test('somebody who acts by name types their password first and then that of the member they add', async () => {
    const passwords = `${PASSWORD}\nof-the-new-member\n`
    const env = { MODE: 'demo', DATABASE_URL: world.databaseUrl }
    const added = await run(['members', 'add', 'neighbour', '--as', 'the-operator', '--json'], { cwd: folder.path, env, input: passwords })
    expect([added.code, added.err]).toEqual([0, ''])
    const member = await signIn(world.parts, { login: 'neighbour', password: 'of-the-new-member', address: 'a test' })
    expect(member).toMatchObject({ kind: 'member', login: 'neighbour' })
  })

  test('a role that needs a second factor shows it as well', async () => {
    const approve = (more: readonly string[]) => outcomeOf(`approvals approve ${randomUUID()}`, 'approver', more, 'sandbox')
    expect(await approve([])).toBe('forbidden')
    const approver = people.get('approver') as StaffPerson
    await approver.signsIn()
    expect(await approve([])).toBe('wrong_code')
    await world.db('staff_factors').update({ last_step: 0 })
    // The command's clock is the real one, and so is the world's as long as nobody moves it.
    expect(await approve(['--code', approver.code])).toBe('not_found')
  })
})
