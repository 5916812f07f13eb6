import { HOUR, MINUTE, SECOND } from '../../src/shared/clock'
import type { SandboxInvoice } from '../support/sandbox-control'
import type { Arena } from './arena'

/**
 * How much time goes by in the rounds until everything is at rest: the lease and the circuit, the minute of Rule R, the longest wait that Invoicebox may ask for; then hours,
 * for what was put off by a clock that was ahead, and for looks at captures that failed.
 */
const ROUNDS_MS = [
  ...[31, 61, 61, 61, 301, 301, 301].map((seconds) => seconds * SECOND),
  ...Array<number>(8).fill(HOUR + 10 * MINUTE),
  ...Array<number>(3).fill(25 * HOUR),
  ...Array<number>(20).fill(2 * HOUR),
]

/** Lets the clocks go on and the processes work until no payment waits and every capture was looked at. Returns the payments that do not come to rest. */
export async function comeToRest(arena: Arena, invoices: readonly SandboxInvoice[]): Promise<string[]> {
  for (const slot of arena.slots) slot.awake?.signal('SIGCONT')
  let restless: string[] = []
  for (const milliseconds of ROUNDS_MS) {
    await Promise.all(arena.slots.map((slot) => slot.ready()))
    await Promise.all(arena.slots.map((slot) => slot.work()))
    await arena.clocks.pass(milliseconds)
    await Promise.all(arena.slots.map((slot) => slot.work()))
    restless = await findRestless(arena, invoices)
    if (restless.length === 0) return []
  }
  return restless
}

function findRestless(arena: Arena, invoices: readonly SandboxInvoice[]): Promise<string[]> {
  return arena.look(async (db) => {
    const rows = await db('payments')
      .whereIn(
        'invoice_id',
        invoices.map(({ id }) => id),
      )
      .andWhere(
        (open) =>
          void open.where({ state: 'confirming' }).orWhere((seen) => void seen.where({ state: 'captured' }).whereNull('checked_at')),
      )
      .select<{ id: string }[]>('id')
    return rows.map(({ id }) => id)
  })
}
