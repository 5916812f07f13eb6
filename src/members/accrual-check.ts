import type { Db } from '../shared/database'
import { MAX_MINOR, NotMoney, parsePositiveMoney } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { AccrualRow } from './accrual-file'
import { AccrualList } from './accrual-list'
import { findMemberIds } from './accrual-store'
import { canonicalLogin } from './login'

/** What is wrong with one line. It does not repeat the line: whoever has the file can look, and a log keeps no person. */
export interface AccrualProblem {
  readonly line: number
  readonly text: string
}

/** A list that was refused whole: the first twenty problems in the order of the lines, and how many there are. */
export class BadAccrualFile extends Refusal {
  constructor(
    readonly problems: readonly AccrualProblem[],
    readonly count: number,
  ) {
    super('bad_input', 'file')
  }
}

const MOST_TOLD = 20

/** Lines that are looked up by one statement. Of so many, neighbours among the logins share a page of the database, whatever the order of the list. */
const PAGE = 100_000

/**
 * Reads a whole list before anything is credited: each amount is points, each member exists, nobody stands in it twice, and the sum is one we serve.
 * A login that stands twice is refused and not summed: it is a fault of an export more often than an intent, and points given are hard to take back.
 * @throws BadAccrualFile
 */
export async function checkAccrual(db: Db, rows: AsyncIterable<AccrualRow>, onPage: (lines: number) => unknown): Promise<AccrualList> {
  const list = new AccrualList()
  const problems = new Problems()
  let checked = 0
  for await (const [page, ids] of withMembers(db, inPages(rows))) {
    checkPage(page, ids, list, problems)
    checked += page.length
    await onPage(checked)
  }
  for (const { line, earlier } of list.seal()) problems.add(line, `the same member stands on line ${earlier} already`)
  if (checked === 0) problems.add(1, 'there is nobody in the list')
  if (list.total > MAX_MINOR) problems.add(1, 'all amounts together are larger than any amount we serve')
  problems.throwIfAny()
  return list
}

async function* inPages(rows: AsyncIterable<AccrualRow>): AsyncGenerator<AccrualRow[]> {
  let page: AccrualRow[] = []
  for await (const row of rows) {
    page.push(row)
    if (page.length < PAGE) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

type Looked = [page: AccrualRow[], ids: (string | undefined)[]]

/** Each page with the ids of its members. The database looks one page up while the one before it is checked and the next is read. */
async function* withMembers(db: Db, pages: AsyncIterable<AccrualRow[]>): AsyncGenerator<Looked> {
  let looking: Promise<Looked> | undefined
  for await (const page of pages) {
    const before = looking
    looking = findAll(db, page)
    // It is awaited after the next page is read; until then a failure must not count as unnoticed.
    looking.catch(() => undefined)
    if (before) yield await before
  }
  if (looking) yield await looking
}

function checkPage(page: readonly AccrualRow[], ids: Looked[1], list: AccrualList, problems: Problems): void {
  page.forEach(({ line, member, amount }, index) => {
    const points = member === '' ? 'it is not of the form login,amount' : readPoints(amount)
    const id = ids[index]
    if (typeof points === 'string') problems.add(line, points)
    if (member !== '' && id === undefined) problems.add(line, 'there is no such member')
    if (typeof points !== 'string' && id !== undefined) list.add(id, points, line)
  })
}

function readPoints(text: string): Money | string {
  try {
    return parsePositiveMoney(text, 'PTS')
  } catch (error) {
    if (error instanceof NotMoney) return 'the amount is not a number above zero with at most two decimals that we serve'
    throw error
  }
}

const ID_PREFIX = 'member:'

const isId = ({ member }: AccrualRow): boolean => member.startsWith(ID_PREFIX)

/** Finds members named by login or by `member:<id>`; undefined stands for nobody. */
async function findAll(db: Db, page: AccrualRow[]): Promise<Looked> {
  const logins = page.map((row) => (isId(row) ? null : (canonicalLogin(row.member) ?? null)))
  const byLogin = await findMemberIds(db, 'login', logins)
  if (!page.some(isId)) return [page, byLogin]
  const ids = page.map((row) => (isId(row) ? row.member.slice(ID_PREFIX.length).toLowerCase() : null))
  const byId = await findMemberIds(db, 'id', ids)
  return [page, byLogin.map((id, index) => id ?? byId[index])]
}

/** The problems of the smallest line numbers; the others are only counted. */
class Problems {
  private first: AccrualProblem[] = []
  private count = 0

  add(line: number, text: string): void {
    this.count += 1
    this.first.push({ line, text })
    if (this.first.length > MOST_TOLD * 50) this.shorten()
  }

  throwIfAny(): void {
    if (this.count === 0) return
    this.shorten()
    throw new BadAccrualFile(this.first, this.count)
  }

  private shorten(): void {
    this.first = this.first.sort((a, b) => a.line - b.line).slice(0, MOST_TOLD)
  }
}
