import { setTimeout as pause } from 'node:timers/promises'
import { HOUR, plus, systemClock } from '../../src/shared/clock'
import type { Arena } from './arena'
import type { Diary } from './buyers'
import { toDecimal } from '../../src/shared/money'
import { CHANGED_AMOUNT } from './plan'
import type { Deed, Plan, PlannedFault } from './plan'
import type { Slot } from './slot'

type DeedBy<B extends Deed['by']> = Extract<Deed, { by: B }>

/** What another process does meanwhile is waited for this long. */
const MOST_WORK_MS = 1_500

/** Does what a plan says is done to the system, and counts what really came to be. */
export class Disturber {
  /** The faults that struck, by name. */
  readonly struck = new Set<string>()
  private readonly planted = new Map<string, string>()

  constructor(
    private readonly arena: Arena,
    private readonly diary: Diary,
    private readonly plan: Plan,
  ) {}

  /** Before an invoice is opened for the first time. */
  async early(scene: string): Promise<void> {
    for (const { name, deed } of this.plan.faults) {
      if (deed.by === 'invoicebox' && deed.early && deed.scenes.includes(scene)) await this.plant(name, { ...deed, scenes: [scene] })
    }
  }

  /** Between the opening of the invoices and the pressing of the buttons. */
  async before(wave: number): Promise<void> {
    for (const fault of this.plan.faults.filter((one) => one.wave === wave)) await this.prepare(fault)
  }

  /** While the buttons are pressed, until everybody was `answered`. Resolves when everything is over. */
  async meanwhile(wave: number, answered: Promise<unknown>): Promise<void> {
    await Promise.all(this.plan.faults.filter((one) => one.wave === wave).map((fault) => this.disturb(fault, answered)))
  }

  /** When everybody was answered. */
  async after(wave: number): Promise<void> {
    for (const fault of this.plan.faults) {
      const { deed } = fault
      if (deed.by === 'merchant' && fault.wave === wave && deed.when === 'after') await this.merchant(fault, deed)
      if (deed.by === 'clock' && deed.whose !== 'invoicebox' && fault.wave + deed.waves === wave)
        await this.arena.clocks.jump(deed.whose, -deed.jumpMs)
      if (deed.by === 'fund' && fault.wave === wave) await this.arena.invoicebox.fillFund()
    }
  }

  /** Everything that can be taken back is taken back. That Invoicebox refuses repeats is how it is, and stays. */
  async end(): Promise<void> {
    const strikes = await this.arena.invoicebox.strikes()
    for (const [id, name] of this.planted) if ((strikes.get(id) ?? 0) > 0) this.struck.add(name)
    await this.arena.invoicebox.behave()
    await this.arena.invoicebox.set({ statusMissing: false, paidDelaySeconds: 0 })
    await this.arena.clocks.setRight()
  }

  private async prepare(fault: PlannedFault): Promise<void> {
    const { name, deed } = fault
    if (deed.by === 'invoicebox') return deed.early ? undefined : this.plant(name, deed)
    if (deed.by === 'merchant' && deed.when === 'before') return this.merchant(fault, deed)
    if (deed.by === 'setting') await this.arena.invoicebox.set(deed.settings)
    else if (deed.by === 'clock') await this.arena.clocks.jump(deed.whose, deed.jumpMs)
    else if (deed.by === 'fund') await this.arena.invoicebox.emptyFund()
    else return
    this.struck.add(name)
  }

  private async plant(name: string, { scenes, first, fault }: DeedBy<'invoicebox'>): Promise<void> {
    const { invoicebox } = this.arena
    const invoices = scenes === 'any' ? [null] : scenes.flatMap((scene) => (this.diary.invoices.get(scene) ?? []).map(({ id }) => id))
    for (const invoice of invoices) {
      if (first) await invoicebox.plant(first, invoice)
      this.planted.set(await invoicebox.plant(fault, invoice), name)
    }
  }

  private async disturb(fault: PlannedFault, answered: Promise<unknown>): Promise<void> {
    const { name, deed, afterMs } = fault
    if (deed.by === 'trap') return this.trap(name, deed, answered)
    if (deed.by === 'freeze' && deed.step !== null) return this.freezeAt(name, deed, answered)
    await pause(afterMs)
    if (deed.by === 'signal') return this.signal(name, deed)
    if (deed.by === 'freeze') return this.freeze(name, deed, this.arena.slot(deed.slot))
    if (deed.by === 'merchant' && deed.when === 'meanwhile') return this.merchant(fault, deed)
    if (deed.by !== 'database') return
    await this.arena.restartDatabase(deed.mode)
    this.struck.add(name)
  }

  private async signal(name: string, { slot, signal }: DeedBy<'signal'>): Promise<void> {
    const process = this.arena.slot(slot).awake
    if (!process) return
    process.signal(signal)
    this.struck.add(name)
    await process.ended
    await this.arena.slot(slot).ready()
  }

  private async trap(name: string, { slot, step, skip }: DeedBy<'trap'>, answered: Promise<unknown>): Promise<void> {
    const process = this.arena.slot(slot).awake
    if (!process) return
    await process.trap({ step, skip, signal: 'SIGKILL' })
    await Promise.race([process.ended, answered])
    if (step.startsWith('recovery')) await process.work()
    if (process.isAlive) await process.disarm()
    if (process.isAlive) return
    this.struck.add(name)
    await this.arena.slot(slot).ready()
  }

  private async freezeAt(name: string, deed: DeedBy<'freeze'>, answered: Promise<unknown>): Promise<void> {
    const slot = this.arena.slot(deed.slot)
    const process = slot.awake
    if (!process) return
    const trapped = process.trapped()
    await process.trap({ step: deed.step, skip: 0, signal: 'SIGSTOP' })
    const worked = answered.then(() => (deed.step?.startsWith('recovery') ? process.work() : undefined)).then(() => false)
    if (await Promise.race([trapped, worked])) await this.freeze(name, deed, slot)
    if (process.isAlive) await process.disarm()
  }

  /** The process sleeps while time goes by and another takes over what it had begun; then it wakes up where it was. */
  private async freeze(name: string, { forMs, passesMs }: DeedBy<'freeze'>, slot: Slot): Promise<void> {
    const process = slot.awake
    if (!process) return
    process.signal('SIGSTOP')
    this.struck.add(name)
    const passed = this.othersGoOn(slot, passesMs)
    await Promise.all([passed, process.wakeAfter(forMs, passed)])
  }

  private async othersGoOn(asleep: Slot, passesMs: number): Promise<void> {
    await this.arena.clocks.pass(passesMs)
    const others = this.arena.slots.filter((other) => other !== asleep).map((other) => other.work())
    await Promise.race([Promise.all(others), pause(MOST_WORK_MS)])
  }

  private async merchant(fault: PlannedFault, { does, scene }: DeedBy<'merchant'>): Promise<void> {
    const { invoicebox } = this.arena
    for (const { id } of this.diary.invoices.get(scene) ?? []) {
      if (does === 'cancel') await invoicebox.cancel(id)
      else if (does === 'amount') await this.raise(id)
      else await invoicebox.change(id, { expirationDate: plus(systemClock.now(), -HOUR).toISOString() })
    }
    this.struck.add(fault.name)
  }

  /** A paid invoice keeps its amount. */
  private async raise(id: string): Promise<void> {
    await this.arena.invoicebox.change(id, { amount: toDecimal(CHANGED_AMOUNT), ifStatus: 'pending' }).catch(ignorePaid)
  }
}

const ignorePaid = (error: unknown): void => {
  if (!String(error).includes('wrong_order_status')) throw error
}
