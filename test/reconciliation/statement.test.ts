import { addStaff } from '../../src/members'
import { BadStatement, compareStatement, listDifferences, listStatements } from '../../src/reconciliation'
import type { StatementComparison } from '../../src/reconciliation'
import { endDifferences, noteDifferences } from '../../src/reconciliation/difference-store'
import type { Found } from '../../src/reconciliation/differences'
import { readStatement } from '../../src/reconciliation/read-statement'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author, StaffActor } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { HOUR } from '../../src/shared/clock'
import { toDecimal } from '../../src/shared/money'
import { paymentOf, refusedRepeat } from '../payments/steps'
import type { ShownPayment } from '../payments/steps'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

const ZONE = 'Europe/Moscow'

describe('a statement of the fund is read', () => {
  const shown = (text: string): string[] =>
    readStatement(text, ZONE).map(({ kind, at, operation, invoiceNumber, amount }) =>
      [kind, at.toISOString(), operation ?? '-', invoiceNumber ?? '-', toDecimal(amount.minor)].join(' '),
    )

  test('in each of its spellings', () => {
    expect(shown('\ufeffДата;Операция;Номер счёта;Сумма\r\n22.11.2026 14:05;T-1;417;-1 234,56\r\n22.11.2026;;;5 000\r\n')).toEqual([
      'payment 2026-11-22T11:05:00.000Z T-1 417 -1234.56',
      'deposit 2026-11-22T20:59:59.999Z - - 5000.00',
    ])
    expect(
      shown(
        'date,transaction,invoice,sign,amount\n2026-11-22T14:05:00Z,T-1,417,debit,10.00\n2026-11-22T15:00:00+03:00,T-1,417,+,10\n2026-11-23,Balance,,,-7.5',
      ),
    ).toEqual([
      'payment 2026-11-22T14:05:00.000Z T-1 417 -10.00',
      'return 2026-11-22T12:00:00.000Z T-1 417 10.00',
      'balance 2026-11-23T20:59:59.999Z - - -7.50',
    ])
  })

  test.each([
    ['date;sum\n', /missing: amount/],
    ['date;amount\n', /no lines/],
    [
      'date;amount\n2026-13-01;1\nyesterday;2\n2026-11-22;0.005\n2026-11-22;0\n2026-11-22 25:00;1',
      /^Line 2: .+\nLine 3: .+\nLine 4: .+\nLine 5: .+zero.+\nLine 6: /,
    ],
    ['date;amount;sign\n2026-11-22;1;perhaps', /Line 2: "perhaps" is not a sign/],
    ['date;amount\n"2026-11-22;1', /no CSV file/],
  ])('or its faults are told by line: %p', (text, told) => {
    expect(() => readStatement(text, ZONE)).toThrow(BadStatement)
    expect(() => readStatement(text, ZONE)).toThrow(told)
  })
})

describe.each(ENGINES)('our books against a statement on %s', (engine) => {
  let world: World
  let anna: Buyer
  const paidBy: Record<string, ShownPayment> = {}
  beforeAll(async () => {
    world = await World.make({ engine, fund: '1000.00' })
    anna = await world.member({ points: '5000.00' })
    for (const [name, amount] of Object.entries({ right: '10.00', other: '20.00', returned: '30.00', twice: '40.00', missing: '50.00' })) {
      const invoice: SandboxInvoice = await world.sandbox.invoice({ amount, number: `N-${name}` })
      await anna.pays(invoice)
      paidBy[name] = await paymentOf(world, invoice)
    }
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const at = (hours: number): string => new Date(Date.now() + hours * HOUR).toISOString()
  const textOf = (lines: readonly string[]): string => ['date;operation;invoice;amount', ...lines].join('\n')
  const compare = (lines: readonly string[], name = 'november.csv'): Promise<StatementComparison> =>
    compareStatement({ ...world.parts, timeZone: ZONE }, { name, text: textOf(lines), author: COMMAND_LINE })
  const of = (name: string): ShownPayment => paidBy[name] as ShownPayment
  const taken = (name: string, amount = of(name).amount): string => `${at(0)};${of(name).operationId};${of(name).invoiceNumber};-${amount}`

  test('what is missing on either side, what differs and what does not add up is told; what agrees is not', async () => {
    const lines = [
      `${at(-1)};;;1000.00`,
      `${at(-1)};balance;;0.00`,
      taken('right'),
      taken('other', '20.01'),
      taken('returned'),
      `${at(0)};${of('returned').transactionId ?? ''};N-returned;30.00`,
      taken('twice'),
      taken('twice'),
      `${at(0)};unknown-operation;N-9;-99.00`,
      `${at(0)};unknown-return;N-9;99.00`,
      `${at(0)};bank-7;;77.00`,
      `${at(1)};balance;;850.01`,
    ]
    const { checked, differences } = await compare(lines)
    expect(checked).toBe(lines.length)
    expect(differences.map(({ kind }) => kind).sort()).toEqual([
      'payment_not_in_statement',
      'statement_amount_differs',
      'statement_balance_differs',
      'statement_deposit_unknown_here',
      'statement_paid_twice',
      'statement_payment_unknown_here',
      'statement_return_unknown_here',
      'statement_returned',
    ])
    for (const { text, resolved } of differences)
      expect([text, resolved]).toEqual([expect.stringMatching(/^(The|Payment|At|A) .+\.$/), false])
    expect(differences.find(({ kind }) => kind === 'payment_not_in_statement')?.text).toContain(of('missing').id)
    expect(differences.find(({ kind }) => kind === 'statement_balance_differs')?.text).toMatch(
      /balance of 850\.01 RUB, and our mirror of the fund 850\.00 RUB/,
    )
    expect((await compare(lines)).differences).toHaveLength(differences.length)
    expect(await listStatements(world.db, 10)).toHaveLength(1)
    expect(await listDifferences(world.db, {}, { limit: 100 })).toHaveLength(differences.length)
  })

  test('a payment that a later statement shows after all is missing no more, once somebody says so who may settle it', async () => {
    const lines = [`${at(-1)};;;1000.00`, taken('missing'), `${at(1)};balance;;850.00`]
    const missing = async () => {
      const open = await listDifferences(world.db, {}, { limit: 100 })
      return open.filter(({ kind, resolvedAt }) => kind === 'payment_not_in_statement' && resolvedAt === null).length
    }
    const before = await missing()
    const author = await addStaff(world.parts, { login: `reader-${engine}`, password: PASSWORD, role: 'auditor', actor: COMMAND_LINE })
    await compareStatement({ ...world.parts, timeZone: ZONE }, { name: 'own.csv', text: textOf(lines), author })
    expect([before, await missing()]).toEqual([1, 1])
    expect((await compare(lines, 'december.csv')).differences).toEqual([])
    expect(await missing()).toBe(0)
  })

  test('lines that are alike are as many differences, and none is left out', async () => {
    const [deposit, taken] = [`${at(-2)};;;123.45`, `${at(-2)};;NN-1;-7.00`]
    const lines = [deposit, deposit, taken, taken, `${at(-2)};;NN-1;-8.00`, `${at(-2)};;NN-1;-9.00`]
    const { differences } = await compare(lines, 'alike.csv')
    const told = differences.map(({ kind, text }) => `${kind} ${/[\d.]+ RUB/.exec(text)?.[0] ?? ''}`)
    expect(told.sort()).toEqual([
      ...Array<string>(2).fill('statement_deposit_unknown_here 123.45 RUB'),
      ...['7.00', '7.00', '8.00', '9.00'].map((amount) => `statement_payment_unknown_here ${amount} RUB`),
    ])
    expect((await compare(lines, 'alike.csv')).differences).toHaveLength(6)
  })

  test('only whoever may settle differences says that a statement takes the place of another; what was shown ends in their name', async () => {
    const { statementId, differences } = await compare([`${at(-2)};wrong-line;N-1;-5.00`], 'wrong.csv')
    expect(differences).toHaveLength(1)
    const replace = (author: Author) =>
      compareStatement(
        { ...world.parts, timeZone: ZONE },
        { name: 'right.csv', text: `date;operation;amount\n${at(-2)};balance;0.00`, author, replaces: statementId },
      )
    const [auditor, operator] = await Promise.all(
      (['auditor', 'operator'] as const).map((role) =>
        addStaff(world.parts, { login: `${role}-${engine}`, password: PASSWORD, role, actor: COMMAND_LINE }),
      ),
    )
    await expect(replace(auditor as StaffActor)).rejects.toMatchObject({ code: 'forbidden' })
    await replace(operator as StaffActor)
    expect(await world.db('reconciliation_differences').where({ subject: 'wrong-line' })).toMatchObject([
      { resolution: 'gone', resolved_by: `staff:${operator?.id ?? ''}` },
    ])
  })

  test('whoever may not settle differences closes none with a file of their own, and hides no payment from the files of others', async () => {
    const [auditor, operator] = await Promise.all(
      (['auditor', 'operator'] as const).map((role) =>
        addStaff(world.parts, { login: `${role}-2-${engine}`, password: PASSWORD, role, actor: COMMAND_LINE }),
      ),
    )
    const invoice: SandboxInvoice = await world.sandbox.invoice({ amount: '60.00', number: 'N-hidden' })
    await anna.pays(invoice)
    const { id, operationId } = await paymentOf(world, invoice)
    const line = `${at(0)};${operationId};N-hidden;-60.00`
    const by = async (author: Author | undefined, name: string, lines: readonly string[]): Promise<string[]> => {
      const deps = { ...world.parts, timeZone: ZONE }
      const { differences } = await compareStatement(deps, { name, text: textOf(lines), author: author ?? COMMAND_LINE })
      return differences.filter(({ text: told }) => told.includes(id)).map(({ kind }) => kind)
    }
    const edges = (balance: string): string[] => [`${at(-1)};balance;;${balance}`, `${at(1)};balance;;${balance}`]
    const open = () => world.db('reconciliation_differences').where({ subject: id }).whereNull('resolved_at').select('kind')
    const [without, other, made, counted] = [edges('1.00'), edges('2.00'), [...edges('3.00'), line], [...edges('4.00'), line]]
    expect(await by(operator, 'without.csv', without)).toEqual(['payment_not_in_statement'])
    // A made-up line of the auditor's: their own comparison finds the payment in it, and that is all it does.
    expect(await by(auditor, 'made-up.csv', made)).toEqual([])
    expect(await open()).toEqual([{ kind: 'payment_not_in_statement' }])
    expect(await by(operator, 'other.csv', other)).toEqual(['payment_not_in_statement'])
    // Nor do they close by comparing the file of somebody else again, or bring back one that was replaced.
    expect(await by(auditor, 'other.csv', other)).toEqual(['payment_not_in_statement'])
    // Sent once more by them, a file that a corrected one has replaced counts no more than before.
    const [wrong, right] = [[...edges('5.00'), line], edges('6.00')]
    const replaced = { ...world.parts, timeZone: ZONE }
    const { statementId } = await compareStatement(replaced, { name: 'wrong-2.csv', text: textOf(wrong), author: COMMAND_LINE })
    const corrected = { name: 'right-2.csv', text: textOf(right), author: COMMAND_LINE, replaces: statementId }
    await compareStatement(replaced, corrected)
    expect(await by(auditor, 'wrong-2.csv', wrong)).toEqual([])
    expect(await by(operator, 'other.csv', other)).toEqual(['payment_not_in_statement'])
    const closedByAuditor = { resolved_by: `staff:${auditor?.id ?? ''}` }
    expect(await world.db('reconciliation_differences').where(closedByAuditor)).toEqual([])
    // What the operator compares counts, also where the auditor has sent the same file before.
    expect(await by(auditor, 'counted.csv', counted)).toEqual([])
    expect(await open()).toHaveLength(1)
    expect(await by(operator, 'counted.csv', counted)).toEqual([])
    expect(await open()).toEqual([])
    expect(await by(operator, 'without.csv', without)).toEqual([])
    expect(await by(auditor, 'counted.csv', counted)).toEqual([])
    expect(await by(operator, 'other.csv', other)).toEqual([])
  })

  test('a comparison that read before points went back does not open the difference anew', async () => {
    const began = new Date()
    const found: Found = {
      kind: 'captured_here_cancelled_there',
      subject: 'raced',
      invoiceId: null,
      paymentId: null,
      facts: {},
      text: 'Cancelled.',
    }
    const note = (at: Date) =>
      inTransaction(world.db, (tx) => noteDifferences(tx, [found], { source: 'invoices', by: `raced-${engine}`, began: at, at }))
    const rows = () => world.db('reconciliation_differences').where({ subject: 'raced' })
    await note(began)
    const [{ id }] = (await rows()) as [{ id: string }]
    const ending = { id, resolution: 'points_returned', by: 'staff:x', at: new Date(began.getTime() + 1), remark: null } as const
    await inTransaction(world.db, (tx) => endDifferences(tx, [ending]))
    expect([await note(began), await rows()]).toMatchObject([[], [{ id }]])
    expect(await note(new Date(began.getTime() + 2))).toHaveLength(1)
  })

  test('money taken for a payment in review is told', async () => {
    const { operationId, invoiceNumber } = await paymentOf(world, await refusedRepeat(world, anna))
    const { differences } = await compare([`${at(0)};${operationId.toUpperCase()};${invoiceNumber};-100.00`], 'review.csv')
    expect(differences).toMatchObject([
      { kind: 'statement_payment_not_captured', text: expect.stringContaining('is review here') as string },
    ])
  })

  test('a file that somebody uploads is no proof: what came back by it takes two, unless the invoice itself reads cancelled', async () => {
    const { approvals, deeds } = world.parts
    const { id, invoiceId } = of('right')
    const invoice = { id: invoiceId }
    await compare([`${at(0)};${of('right').operationId};;+10,00`], 'made-up.csv')
    const [difference] = (await listDifferences(world.db, {}, { limit: 100 })).filter(({ paymentId }) => paymentId === id)
    expect(difference).toMatchObject({ kind: 'statement_returned', source: 'statement' })
    await world.sandbox.change(invoice, { status: 'pending' })
    const give = async (key: string): Promise<string> => {
      const order = { payload: { differenceId: difference?.id ?? '' }, author: COMMAND_LINE, reason: 'it came back', key }
      return (await approvals.submit(deeds.differences.giveBack, order)).state
    }
    expect([await give(`made-up-${engine}`), (await paymentOf(world, invoice)).state]).toEqual(['waiting', 'captured'])
    await world.sandbox.cancelByMerchant(invoice)
    expect([await give(`cancelled-${engine}`), (await paymentOf(world, invoice)).state]).toEqual(['done', 'reversed'])
  })
})
