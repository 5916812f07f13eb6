import type { z } from 'zod'
import { defineRoute, sendDownload } from '../http'
import type { Program, Route } from '../http'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import { readMovements, readPeriodStatement, requirePeriod, streamMovements } from './period-statement'
import type { PeriodStatement } from './period-statement'
import { presentStatement, STATEMENT_PAGE } from './present-statement'
import type { FindReceipts } from './read-statement'
import { statementCsv, statementPdf } from './statement-files'
import type { StatementFile } from './statement-files'
import { DOCUMENTS, STATEMENT_QUERY } from './statement-query'

export interface StatementRoutesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly findReceipts: FindReceipts
  readonly config: { readonly timeZone: string; readonly program: Program }
}

const PATH = '/account/statement'

/** The doors of a member's own statement: the page, and the files. */
export const statementRoutes = (deps: StatementRoutesDeps): Route[] => [showStatement(deps), sendCsv(deps), sendPdf(deps)]

const read = (
  { db, clock, config: { timeZone } }: StatementRoutesDeps,
  memberId: string,
  query: z.output<typeof STATEMENT_QUERY>,
): Promise<PeriodStatement> => readPeriodStatement(db, memberId, requirePeriod(query, clock.now(), timeZone), timeZone)

const showStatement = (deps: StatementRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PATH,
    policy: { kind: 'member' },
    summary: "Shows the member's own statement of a period.",
    input: { query: STATEMENT_QUERY },
    handle: async ({ member, input: { query }, t, language, page }) => {
      const statement = await read(deps, member.id, query)
      const movements = await readMovements(deps, statement, { before: query.before, limit: STATEMENT_PAGE + 1 })
      const reader = { t, language, zone: deps.config.timeZone }
      page('members/statement', presentStatement(statement, movements, { path: PATH, before: query.before }, reader))
    },
  })

const sendCsv = (deps: StatementRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${PATH}.csv`,
    policy: { kind: 'member' },
    summary: "Sends the member's own statement of a period as a CSV file.",
    input: { query: STATEMENT_QUERY },
    limit: DOCUMENTS,
    handle: async ({ member, input: { query }, t, language, res }) => {
      const statement = await read(deps, member.id, query)
      await sendDownload(res, statementCsv(fileOf(deps, statement, member.login, { t, language, zone: deps.config.timeZone })))
    },
  })

const sendPdf = (deps: StatementRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${PATH}.pdf`,
    policy: { kind: 'member' },
    summary: "Sends the member's own statement of a period as a PDF file.",
    input: { query: STATEMENT_QUERY },
    limit: DOCUMENTS,
    handle: async ({ member, input: { query }, t, language, res }) => {
      const statement = await read(deps, member.id, query)
      await sendDownload(res, statementPdf(fileOf(deps, statement, member.login, { t, language, zone: deps.config.timeZone })))
    },
  })

const fileOf = (deps: StatementRoutesDeps, statement: PeriodStatement, member: string, reader: StatementFile['reader']): StatementFile => ({
  statement,
  movements: streamMovements(deps, statement),
  member,
  program: deps.config.program.name,
  reader,
})
