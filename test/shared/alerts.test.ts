import { COMMAND_LINE } from '../../src/shared/actor'
import { closeAlert, closeAlerts, countOpenAlerts, listOpenAlerts, openAlerts } from '../../src/shared/alerts'
import type { NewAlert } from '../../src/shared/alerts'
import { inTransaction } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second))
const alert = (subject: string, second: number, change: Partial<NewAlert> = {}): NewAlert => ({
  kind: 'odd_answer',
  subject,
  detail: `about ${subject}`,
  at: at(second),
  ...change,
})

describe.each(ENGINES)('alerts on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  beforeEach(async () => {
    database = await makeDatabase(engine)
    db = database.open()
  })
  afterEach(() => database.drop())
  const open = (...alerts: NewAlert[]): Promise<void> => inTransaction(db, (tx) => openAlerts(tx, alerts))

  test('are listed the oldest first, as many as are asked for', async () => {
    await open(alert('b', 2), alert('a', 1), alert('c', 3))
    expect((await listOpenAlerts(db)).map((each) => each.subject)).toEqual(['a', 'b', 'c'])
    expect(await listOpenAlerts(db, 1)).toMatchObject([{ kind: 'odd_answer', subject: 'a', detail: 'about a', at: at(1) }])
  })

  test('one of a kind is open for a subject, whoever opens it how often; another kind is another alert', async () => {
    await open()
    await open(alert('a', 1), alert('a', 2))
    await Promise.all(Array.from({ length: 5 }, () => open(alert('a', 3))))
    await open(alert('a', 4, { kind: 'amount_differs' }))
    expect((await listOpenAlerts(db)).map((each) => [each.kind, each.at])).toEqual([
      ['odd_answer', at(1)],
      ['amount_differs', at(4)],
    ])
  })

  test('one that is open tells the newest detail, and is open since when it was', async () => {
    await open(alert('a', 1, { detail: 'first' }), alert('a', 2, { detail: 'second' }))
    expect(await listOpenAlerts(db)).toMatchObject([{ detail: 'second', at: at(1) }])
    await open(alert('a', 3, { detail: 'third' }), alert('b', 3))
    expect(await listOpenAlerts(db)).toMatchObject([{ subject: 'a', detail: 'third', at: at(1) }, { subject: 'b' }])
    await inTransaction(db, (tx) => closeAlerts(tx, [{ kind: 'odd_answer', subject: 'a', by: 'staff:olga', at: at(5) }]))
    await open(alert('a', 6, { detail: 'fourth' }))
    expect(await db('alerts').where({ subject: 'a' }).orderBy('id').pluck('detail')).toEqual(['third', 'fourth'])
  })

  test('of several who close one at one moment one has closed it, and the others are not told so', async () => {
    await open(alert('a', 1))
    const [{ id } = { id: '' }] = await listOpenAlerts(db)
    const by = { author: COMMAND_LINE, reason: 'Seen', at: at(5) }
    const closed = await Promise.allSettled(Array.from({ length: 5 }, () => inTransaction(db, (tx) => closeAlert(tx, id, by))))
    expect(closed.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await db('audit_log').where({ action: 'alert_closed' })).toHaveLength(1)
  })

  test('are counted beyond those that are listed', async () => {
    expect(await countOpenAlerts(db)).toBe(0)
    await open(alert('a', 1), alert('b', 1), alert('c', 1))
    await inTransaction(db, (tx) => closeAlerts(tx, [{ kind: 'odd_answer', subject: 'c', by: 'staff:olga', at: at(5) }]))
    expect([(await listOpenAlerts(db, 1)).length, await countOpenAlerts(db)]).toEqual([1, 2])
  })

  test('one that is closed is listed no more, keeps who closed it, and may be opened again', async () => {
    await open(alert('a', 1), alert('b', 1))
    await inTransaction(db, (tx) => closeAlerts(tx, [{ kind: 'odd_answer', subject: 'a', by: 'staff:olga', at: at(5) }]))
    expect((await listOpenAlerts(db)).map((each) => each.subject)).toEqual(['b'])
    await open(alert('a', 6))
    expect(await db('alerts').where({ subject: 'a' }).orderBy('id').pluck('closed_by')).toEqual(['staff:olga', null])
  })

  test('a detail that is too long is cut, not refused', async () => {
    await open(alert('a', 1, { detail: 'д'.repeat(5_000) }))
    expect((await listOpenAlerts(db))[0]?.detail).toHaveLength(1_000)
  })
})
