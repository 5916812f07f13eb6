import { chainAudit, listAudit, parseLink, readHead, verifyAudit } from '../../src/audit'
import { COMMAND_LINE } from '../../src/shared/actor'
import { writeAudit } from '../../src/shared/audit'
import { engineOf, inTransaction } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { ENGINES, makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

describe.each(ENGINES)('the audit log on %s', (engine) => {
  let database: TestDatabase
  let db: Db
  beforeEach(async () => {
    database = await makeDatabase(engine)
    db = database.open()
  })
  afterEach(() => database.drop())

  const write = (...subjects: string[]): Promise<void> =>
    inTransaction(db, (tx) =>
      writeAudit(
        tx,
        subjects.map((subject, n) => ({
          author: COMMAND_LINE,
          at: new Date(1_000 * n),
          action: 'tested',
          subject,
          after: { n: String(n) },
        })),
      ),
    )
  const chainAll = async (): Promise<void> => {
    while ((await chainAudit(db)) > 0);
  }
  /** As somebody would who owns the database. */
  async function unguarded(work: () => Promise<unknown>): Promise<void> {
    const guards = engineOf(db) === 'postgres' ? ['audit_log_no_change'] : ['audit_log_no_update', 'audit_log_no_delete']
    const chainGuards = engineOf(db) === 'postgres' ? ['audit_chain_no_change'] : ['audit_chain_no_update', 'audit_chain_no_delete']
    for (const name of guards) await db.raw(engineOf(db) === 'postgres' ? `drop trigger ${name} on audit_log` : `drop trigger ${name}`)
    for (const name of chainGuards)
      await db.raw(engineOf(db) === 'postgres' ? `drop trigger ${name} on audit_chain` : `drop trigger ${name}`)
    await work()
  }

  test('proves itself, whatever the order of commits was, and several chainers at once do not fork it', async () => {
    await write('a', 'b')
    await write('c')
    await Promise.all([chainAll(), chainAll(), chainAll()])
    await write('d')
    expect(await verifyAudit(db)).toMatchObject({ ok: true, rows: 3, differences: [] })
    await chainAll()
    const proof = await verifyAudit(db)
    expect(proof).toMatchObject({ ok: true, rows: 4 })
    expect(await readHead(db)).toEqual(proof.head)
    await write('e')
    await chainAll()
    expect(await verifyAudit(db, proof.head)).toMatchObject({ ok: true, rows: 5 })
  })

  test.each([
    ['a reason rewritten', () => db('audit_log').where({ subject: 'b' }).update({ reason: 'another' })],
    [
      'a moment rewritten',
      () =>
        db('audit_log')
          .where({ subject: 'b' })
          .update({ at: new Date(5).toISOString() }),
    ],
    ['an approver added', () => db('audit_log').where({ subject: 'b' }).update({ approved_by: 'staff:x' })],
    [
      'a row in the middle taken away with its place',
      async () => {
        const [{ id }] = (await db('audit_log').where({ subject: 'b' })) as [{ id: string }]
        await db('audit_chain').where({ audit_id: id }).delete()
        await db('audit_log').where({ id }).delete()
      },
    ],
    [
      'the newest row taken away, whose place stands',
      async () => {
        await db.raw(
          engineOf(db) === 'postgres' ? 'alter table audit_chain drop constraint audit_chain_audit_id_fkey' : 'pragma foreign_keys = off',
        )
        await db('audit_log').where({ subject: 'c' }).delete()
      },
    ],
    ['a place taken away', () => db('audit_chain').where({ position: 2 }).delete()],
  ])('%s is found', async (_what, tamper) => {
    await write('a', 'b', 'c')
    await chainAll()
    expect((await verifyAudit(db)).ok).toBe(true)
    await unguarded(tamper)
    const { ok, differences } = await verifyAudit(db)
    expect(ok).toBe(false)
    expect(differences.join(' ')).toMatch(/Place|Row|rows/)
  })

  test('a log that was cut off at its end is found with a link that was kept elsewhere', async () => {
    await write('a', 'b', 'c')
    await chainAll()
    const { position, hash } = await readHead(db)
    await unguarded(async () => {
      const [{ id }] = (await db('audit_log').where({ subject: 'c' })) as [{ id: string }]
      await db('audit_chain').where({ audit_id: id }).delete()
      await db('audit_log').where({ id }).delete()
    })
    expect((await verifyAudit(db)).ok).toBe(true)
    expect((await verifyAudit(db, parseLink(`${String(position)}:${hash}`))).differences).toEqual([
      expect.stringContaining('cut off or written anew'),
    ])
  })

  test('a row is never changed or deleted, nor is its place', async () => {
    await write('a')
    await chainAll()
    const refused = { message: expect.stringContaining('audit rows are never changed') as string }
    await expect(db('audit_log').update({ reason: 'x' })).rejects.toMatchObject(refused)
    await expect(db('audit_log').delete()).rejects.toMatchObject(refused)
    await expect(db('audit_chain').update({ hash: 'x' })).rejects.toMatchObject(refused)
    await expect(db('audit_chain').delete()).rejects.toMatchObject(refused)
  })

  test('is read newest first, page by page, by who, what and when', async () => {
    await write('a', 'b', 'c', 'd')
    const subjects = async (...of: Parameters<typeof listAudit> extends [Db, ...infer Rest] ? Rest : never): Promise<string[]> =>
      (await listAudit(db, ...of)).map(({ subject }) => subject)
    expect(await subjects({}, { limit: 3 })).toEqual(['d', 'c', 'b'])
    const [, , third] = await listAudit(db, {}, { limit: 3 })
    expect(await subjects({}, { limit: 3, before: third?.id })).toEqual(['a'])
    expect(await subjects({ subjects: ['c'] }, { limit: 9 })).toEqual(['c'])
    expect(await subjects({ subjects: ['a', 'c', 'e'] }, { limit: 9 })).toEqual(['c', 'a'])
    expect(await subjects({ subjects: [] }, { limit: 9 })).toEqual([])
    expect(await subjects({ actor: 'staff:nobody' }, { limit: 9 })).toEqual([])
    expect(await subjects({ from: new Date(1_000), to: new Date(3_000) }, { limit: 9 })).toEqual(['c', 'b'])
    expect(parseLink('no link')).toBeUndefined()
  })
})
