import { randomUUID } from 'node:crypto'
import { readRequest } from '../../src/approvals'
import type { Deed, Payload, Submitted } from '../../src/approvals'
import { readFund } from '../../src/fund'
import { readPoints } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { canonicalJson, sha256 } from '../../src/shared/ids'
import { toDecimal } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { changeRole, disableStaff } from '../../src/staff'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

/** Somebody comes by here, and goes on once they are let. */
class Gate {
  private letOn: () => void = () => undefined
  private arrive: () => void = () => undefined
  private readonly on = new Promise<void>((resolve) => (this.letOn = resolve))
  readonly arrived = new Promise<void>((resolve) => (this.arrive = resolve))
  pass(): Promise<void> {
    this.arrive()
    return this.on
  }
  open(): void {
    this.letOn()
  }
}

describe.each(ENGINES)('a form comes to one thing on %s', (engine) => {
  let world: World
  let anna: Buyer
  let olga: StaffActor
  let vera: StaffActor
  const hired = async (role: StaffRole): Promise<StaffActor> => (await StaffPerson.make(world, role)).actor

  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '1000' } })
    vera = await hired('approver')
  })
  beforeEach(async () => {
    ;[anna, olga] = [await world.member({ points: '500.00' }), await hired('operator')]
  })
  afterEach(async () => expect(await world.findings()).toEqual([]))
  afterAll(() => world.close())

  const available = async (): Promise<string> => toDecimal((await readPoints(world.db, anna.id)).available.minor)
  const credit = (points: string, key: string, change: Partial<Deed> = {}): Promise<Submitted<unknown>> => {
    const deed = { ...world.parts.deeds.points.credit, ...(change as object) }
    return world.parts.approvals.submit(deed, { payload: { memberId: anna.id, points }, author: olga, reason: 'x', key })
  }
  const asked = (): Promise<unknown[]> => world.db('approvals').where({ maker: `staff:${olga.id}` })

  test('of two copies the one that would wait for a second person is told of the other, which one person has done meanwhile', async () => {
    const { points } = world.parts.deeds
    const [key, other, late] = [randomUUID(), new Gate(), new Gate()]
    const refused = credit('500', randomUUID(), { perform: () => other.pass().then(() => Promise.reject(new Refusal('amount_changed'))) })
    await other.arrived
    // Beside the other one it takes two; then that one turns out not to be done.
    const first = credit('700', key, { preview: (payload) => late.pass().then(() => points.credit.preview(payload as never)) })
    await late.arrived
    other.open()
    await expect(refused).rejects.toMatchObject({ code: 'amount_changed' })
    expect(await credit('700', key)).toMatchObject({ state: 'done' })
    late.open()
    expect(await first).toMatchObject({ state: 'done' })
    expect([await asked(), await available()]).toEqual([[], '1200.00'])
  })

  test('of two copies the one that is about to be done is told of the other, which waits for a second person by now', async () => {
    const { points } = world.parts.deeds
    const [key, late] = [randomUUID(), new Gate()]
    const perform = (payload: Payload, by: never): Promise<unknown> => late.pass().then(() => points.credit.perform(payload as never, by))
    const second = credit('700', key, { perform })
    await late.arrived
    const first = await credit('700', key, { weigh: () => 'always' })
    late.open()
    expect(await second).toEqual(first)
    expect([await available(), await world.db('done_alone').where({ maker: `staff:${olga.id}` })]).toEqual(['500.00', []])
    if (first.state !== 'waiting') throw new Error('It was done at once')
    expect(await world.parts.approvals.approve(first.request.id, vera)).toMatchObject({ outcome: 'done' })
    expect(await credit('700', key)).toMatchObject({ state: 'waiting', request: { outcome: 'done' } })
    expect(await available()).toBe('1200.00')
  })

  test('what one person has done asks nobody when it is sent again, although it would take two by now', async () => {
    const { overdraft } = world.parts.deeds.fund
    const set = (roubles: string) => overdraft.perform({ roubles }, { author: COMMAND_LINE, reason: 'x', key: randomUUID() })
    await set('9000000.00')
    const order = { payload: { roubles: '8000000.00' }, author: olga, reason: 'x', key: randomUUID() }
    expect(await world.parts.approvals.submit(overdraft, order)).toMatchObject({ state: 'done' })
    await set('0.00')
    expect(await world.parts.approvals.submit(overdraft, order)).toMatchObject({ state: 'done' })
    expect([(await readFund(world.db)).overdraft.minor, await asked()]).toEqual([0n, []])
  })

  test('a note of a form that was never done lets nobody do alone what takes two', async () => {
    const payload = { memberId: anna.id, points: '5000.00' }
    const form = {
      author: `staff:${olga.id}`,
      kind: 'points_credited',
      digest: sha256(canonicalJson({ kind: 'points_credited', payload })),
    }
    const key = randomUUID()
    await world.db('sent_forms').insert({ ...form, idempotency_key: key, audit_id: randomUUID(), at: new Date().toISOString() })
    await expect(credit('5000', key)).rejects.toMatchObject({ code: 'key_reused' })
    expect(await available()).toBe('500.00')
  })

  test('who loses the role while they ask has asked for nothing, and who loses it while they decide has decided nothing', async () => {
    const { approvals, staff, deeds } = world.parts
    const by = () => ({ author: COMMAND_LINE, reason: 'x', key: randomUUID() })
    for (const lose of [() => disableStaff(staff, olga.id, by()), () => changeRole(staff, olga.id, 'support', by())]) {
      const late = new Gate()
      const asking = credit('2000', randomUUID(), {
        preview: (payload) => late.pass().then(() => deeds.points.credit.preview(payload as never)),
      })
      await late.arrived
      await lose()
      late.open()
      await expect(asking).rejects.toMatchObject({ code: 'forbidden' })
      expect(await asked()).toEqual([])
      olga = await hired('operator')
    }
    const [waits, checker] = [await credit('2000', randomUUID()), await hired('approver')]
    const id = waits.state === 'waiting' ? waits.request.id : ''
    await disableStaff(staff, checker.id, by())
    await expect(approvals.approve(id, checker)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(approvals.refuse(id, checker, 'no')).rejects.toMatchObject({ code: 'forbidden' })
    expect(await readRequest(world.db, id)).toMatchObject({ state: 'open' })
  })

  test('a lock or an unlocking that found nothing to change does nothing when it is sent again', async () => {
    const { approvals, deeds } = world.parts
    const send = (deed: typeof deeds.members.lock, key: string) =>
      approvals.submit(deed, { payload: { memberId: anna.id }, author: olga, reason: 'x', key })
    const isLocked = async (): Promise<boolean> =>
      (await world.db('members').where({ id: anna.id }).whereNotNull('locked_at').first('id')) !== undefined
    const [early, { lock, unlock }] = [randomUUID(), deeds.members]
    expect(await send(unlock, early)).toMatchObject({ state: 'done' })
    await send(lock, randomUUID())
    expect(await send(unlock, early)).toMatchObject({ state: 'done' })
    expect(await isLocked()).toBe(true)
    await expect(send(lock, early)).rejects.toMatchObject({ code: 'key_reused', earlier: { cameTo: 'unchanged' } })
  })
})
