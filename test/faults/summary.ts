import { FAULT_NAMES } from './make-plan'
import { tellPlan } from './tell-plan'
import type { Performed } from './schedule'

/** What a run has come to. */
export class Summary {
  schedules = 0
  payments = 0
  told = 0
  readonly faults = new Map<string, number>(FAULT_NAMES.map((name) => [name, 0]))
  readonly states = new Map<string, number>()
  readonly failed: Performed[] = []

  add(performed: Performed): void {
    this.schedules += 1
    this.payments += performed.evidence.payments.length
    this.told += performed.evidence.alerts.filter(({ kind }) => kind === 'paid_after_void').length
    for (const name of performed.struck) this.faults.set(name, (this.faults.get(name) ?? 0) + 1)
    for (const { state } of performed.evidence.payments) this.states.set(state, (this.states.get(state) ?? 0) + 1)
    if (performed.violations.length > 0) this.failed.push(performed)
  }

  /** Faults that the run should have brought and did not: a harness that plans them and never lets them strike proves nothing about them. */
  get missing(): string[] {
    return [...this.faults].filter(([, times]) => times === 0).map(([name]) => name)
  }

  lines(seconds: number): string[] {
    const table = (counts: ReadonlyMap<string, number>): string[] =>
      [...counts].map(([name, count]) => `  ${name.padEnd(40)}${String(count).padStart(7)}`)
    const bySize = new Map([...this.states].sort(([, a], [, b]) => b - a))
    return [
      `${this.schedules} schedules, ${this.payments} payments, ${this.failed.length} with violations, ${(this.schedules / seconds).toFixed(2)} schedules a second`,
      'payments by state',
      ...table(bySize),
      'schedules in which a fault struck',
      ...table(this.faults),
    ]
  }
}

/** A violation with everything that is needed to look into it. */
export function tellViolation({ plan, struck, violations, evidence }: Performed, payments: number): string[] {
  return [
    `VIOLATION in schedule ${plan.number} of seed ${plan.seed} on ${plan.engine}`,
    ...violations.flatMap(({ rule, sentences }) => [`  RULE ${rule}`, ...sentences.slice(0, 10).map((sentence) => `    ${sentence}`)]),
    `  struck: ${[...struck].join(', ')}`,
    ...tellPlan(plan).map((line) => `  ${line}`),
    ...evidence.payments.map(({ id, login, invoiceId, state }) => `  payment ${id} of ${login} for ${invoiceId}: ${state}`),
    `  The same plan again: npm run test:faults -- --seed ${plan.seed} --schedule ${plan.number} --engine ${plan.engine} --payments ${payments}`,
    '  The plan is the same to the last choice; how the processes interleave is theirs, so it may take several tries.',
  ]
}
