import { inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { Queue } from './invoice-row'
import { markPaid } from './run-items'

interface Row {
  readonly id: string
  readonly queue: Queue
  readonly state: string
  readonly decision_id: string
}

const MOST_AT_ONCE = 500

const QUEUE_OF: Readonly<Record<string, Queue>> = {
  confirming: 'paying',
  review: 'paying',
  captured: 'paid',
  // What has to be done then is decided anew.
  voided: 'new',
  reversed: 'closed',
}

/**
 * Brings the queues in line with the payments: recovery and people bring them on without asking this room, and a process may die between a hold and the note of it here.
 * @returns how many invoices were moved
 */
export async function syncPayments(db: Db, now: Date): Promise<number> {
  const found = [...(await underWay(db)), ...(await unnoticed(db)), ...(await reversed(db))]
  // In the order in which everybody locks invoices.
  const rows = found.sort((a, b) => (a.id < b.id ? -1 : 1))
  const moves = rows.flatMap((row) => {
    const queue = QUEUE_OF[row.state]
    return queue === undefined || queue === row.queue ? [] : [{ ...row, to: queue }]
  })
  if (moves.length === 0) return 0
  await inTransaction(db, async (tx) => {
    for (const { id, queue, to } of moves) await move(tx, id, queue, to, now)
    await markPaid(
      tx,
      moves.flatMap(({ to, decision_id }) => (to === 'paid' ? [decision_id] : [])),
    )
  })
  return moves.length
}

const move = (tx: Tx, id: string, from: Queue, to: Queue, now: Date): Promise<number> =>
  tx('autopay_invoices')
    .where({ id, queue: from })
    .update({ queue: to, next_step: null, ...(to === 'new' ? { decision_id: null } : {}), queued_at: iso(now) })

const joined = (db: Db) =>
  db('autopay_invoices as i')
    .join('payments as p', 'p.invoice_id', 'i.id')
    .whereNotNull('p.organisation_id')
    .select('i.id', 'i.queue', 'p.state', 'p.consent_id as decision_id')
    .limit(MOST_AT_ONCE)

/** The newest payment of an invoice tells: an earlier one was voided or reversed. */
const newest = (db: Db) => db('payments as q').where('q.invoice_id', db.ref('i.id')).max('q.id')

const OVER = Object.keys(QUEUE_OF).filter((state) => QUEUE_OF[state] !== 'paying')

/** Those alone that are over: hundreds that are not answered yet must not keep the others from being noticed. */
const underWay = async (db: Db): Promise<Row[]> =>
  (await joined(db).where('i.queue', 'paying').whereIn('p.state', OVER).where('p.id', newest(db))) as Row[]

async function unnoticed(db: Db): Promise<Row[]> {
  return (await joined(db)
    .whereIn('i.queue', ['new', 'ask', 'due', 'exception', 'closed'])
    .whereIn('p.state', ['confirming', 'review', 'captured'])) as Row[]
}

const reversed = async (db: Db): Promise<Row[]> =>
  (await joined(db).where('i.queue', 'paid').where('p.state', 'reversed').where('p.id', newest(db))) as Row[]
