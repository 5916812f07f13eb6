import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import {
  PROGRAMME,
  readErasure,
  readLimits,
  readPeriodStatement,
  requirePeriod,
  shownLimits,
  statementCsv,
  streamMovements,
} from '../members'
import type { MemberLimitsPayload, ProgrammeLimitsPayload } from '../members'
import { findReceipts } from '../payments'
import { newId } from '../shared/ids'
import { dayOf, isDay } from '../shared/days'
import { parseMoney, toDecimal } from '../shared/money'
import { createTexts } from '../shared/texts'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import { AS, CODE, KEY, memberIdOf, submitDeed } from './member-deed'
import type { DeedOptions } from './member-deed'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

/** Looking after members: limits, statements, erasure. */
export function addMemberCareCommands(members: Command, config: ConfigFor): void {
  addLimits(members, config)
  addStatement(members, config)
  addErase(members, config)
}

interface LimitOptions extends DeedOptions {
  perPayment?: string
  perDay?: string
  perMonth?: string
  follow?: boolean
}

/** `none` lifts a limit. */
const limit = (typed: string): string => (typed === 'none' ? typed : toDecimal(parseMoney(typed, 'PTS').minor))

function addLimits(members: Command, config: ConfigFor): void {
  members
    .command('limits [login]')
    .description('show or set how much a member may spend; without a login, the limits of the programme')
    .option('--per-payment <points>', 'for one payment, or `none`')
    .option('--per-day <points>', 'for a day, or `none`')
    .option('--per-month <points>', 'for a month, or `none`')
    .option('--follow', "take the member's own limits away, so that the programme's hold")
    .option('--reason <text>', 'why', 'By command line')
    .option(...KEY)
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((login: string | undefined, options: LimitOptions) =>
      withParts(config(), (parts) => (login === undefined ? programmeLimits(parts, options) : memberLimits(parts, login, options))),
    )
}

const isChange = ({ perPayment, perDay, perMonth, follow }: LimitOptions): boolean =>
  (perPayment ?? perDay ?? perMonth) !== undefined || follow === true

/** The limits as they are, with those changed that were named. */
async function wanted({ db }: Parts, subject: string, options: LimitOptions): Promise<ProgrammeLimitsPayload> {
  const now = shownLimits(await readLimits(db, subject))
  const one = (typed: string | undefined, current: string | null): string | null => {
    if (typed === undefined) return current
    return typed === 'none' ? null : limit(typed)
  }
  return {
    perPayment: one(options.perPayment, now.perPayment),
    perDay: one(options.perDay, now.perDay),
    perMonth: one(options.perMonth, now.perMonth),
  }
}

async function memberLimits(parts: Parts, login: string, options: LimitOptions): Promise<void> {
  const memberId = await memberIdOf(parts, login)
  if (!isChange(options)) {
    answer(shownLimits(await readLimits(parts.db, memberId)), options)
    return
  }
  const payload: MemberLimitsPayload = options.follow
    ? { memberId, own: false, perPayment: null, perDay: null, perMonth: null }
    : { memberId, own: true, ...(await wanted(parts, memberId, options)) }
  await submitDeed(parts, { deed: parts.deeds.members.limits, payload, login }, options)
}

async function programmeLimits(parts: Parts, options: LimitOptions): Promise<void> {
  if (isChange(options)) {
    const payload = await wanted(parts, PROGRAMME, options)
    const order = { payload, author: await authorOf(parts, options), reason: options.reason, key: options.key ?? newId() }
    if (tellIfWaiting(await parts.approvals.submit(parts.deeds.members.programmeLimits, order), options)) return
  }
  const { perPayment, perDay, perMonth } = shownLimits(await readLimits(parts.db, PROGRAMME))
  answer({ perPayment, perDay, perMonth }, options)
}

function day(typed: string): string {
  if (!isDay(typed)) throw new InvalidArgumentError('A day is written as 2026-11-22.')
  return typed
}

interface StatementOptions {
  from?: string
  to?: string
  csv?: boolean
  json?: boolean
}

function addStatement(members: Command, config: ConfigFor): void {
  members
    .command('statement <login>')
    .description('show what a member had before a period and after it; with --csv every movement between')
    .option('--from <day>', 'the first day, such as 2026-11-01; without it, the first of the month', day)
    .option('--to <day>', 'the last day; without it, today', day)
    .option('--csv', 'print the file that the pages give')
    .option('--json')
    .action((login: string, options: StatementOptions) => withParts(config(), (parts) => printStatement(parts, login, options)))
}

async function printStatement(parts: Parts, login: string, { from, to, csv = false, json = false }: StatementOptions): Promise<void> {
  const { db, clock, config } = parts
  const zone = config.timeZone
  const period = requirePeriod({ from, to }, clock.now(), zone)
  const statement = await readPeriodStatement(db, await memberIdOf(parts, login), period, zone)
  if (csv) {
    const movements = streamMovements({ db, findReceipts: (ids) => findReceipts(db, ids) }, statement)
    const reader = { t: createTexts().translator('ru'), language: 'ru' as const, zone }
    for await (const piece of statementCsv({ statement, movements, member: login, program: config.program.name, reader }).pieces)
      await print(piece)
    return
  }
  const count = Number(statement.upTo - statement.after)
  answer({ login, ...period, opening: toDecimal(statement.opening), movements: count, closing: toDecimal(statement.closing) }, { json })
}

/** Waits where the reader is slower than the database. */
const print = (piece: string | Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(piece, (error) => (error ? reject(error) : resolve()))
  })

function addErase(members: Command, config: ConfigFor): void {
  members
    .command('erase <login>')
    .description('ask for the erasure of the personal data of a member; a second person must agree')
    .option('--reason <text>', 'why', 'Request of the member')
    .option(...KEY)
    .option(...AS)
    .option(...CODE)
    .option('--json')
    .action((login: string, options: DeedOptions) =>
      withParts(config(), async (parts) => {
        const memberId = await memberIdOf(parts, login)
        const done = await readErasure(parts.db, memberId)
        if (done) answer({ erased: dayOf(done.at, parts.config.timeZone), digest: done.digest }, options)
        else await submitDeed(parts, { deed: parts.deeds.members.erase, payload: { memberId }, login }, options)
      }),
    )
}
