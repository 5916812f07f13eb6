import type { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import { memberAccount } from '../../ledger'
import { writeAudit } from '../../shared/audit'
import { inTransaction } from '../../shared/database'
import type { Route } from '../../http'
import {
  DOCUMENTS,
  presentStatement,
  readMovements,
  readPeriodStatement,
  requirePeriod,
  STATEMENT_PAGE,
  STATEMENT_QUERY,
  statementCsv,
  statementPdf,
  streamMovements,
} from '../../members'
import type { PeriodStatement, StatementReader } from '../../members'
import { frameOf } from '../frame'
import { MEMBER, namedMember } from './card-routes'
import type { MemberPagesDeps } from './deps'
import { MEMBERS_PATH } from './present'
import { presentMovements } from './present-card'

const PATH = `${MEMBERS_PATH}/:id/statement`

type Query = z.output<typeof STATEMENT_QUERY>

/** The doors of a member's statement for staff: the page, and the files. */
export const memberStatementRoutes = (deps: MemberPagesDeps): Route[] => [showStatement(deps), sendFile(deps, 'csv'), sendFile(deps, 'pdf')]

function read({ db, clock, config: { timeZone } }: MemberPagesDeps, id: string, query: Query): Promise<PeriodStatement> {
  return readPeriodStatement(db, id, requirePeriod(query, clock.now(), timeZone), timeZone)
}

const showStatement = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PATH,
    policy: staffWith('members.statement'),
    summary: "Shows a member's statement of a period.",
    input: { params: MEMBER, query: STATEMENT_QUERY },
    handle: async (context) => {
      const { input, staff, t, language } = context
      const { login, path } = await namedMember(deps, input.params.id, staff)
      const reader = { t, language, zone: deps.config.timeZone }
      const statement = await read(deps, input.params.id, input.query)
      const movements = await readMovements(deps, statement, { before: input.query.before, limit: STATEMENT_PAGE + 1 })
      const shown = presentStatement(statement, movements, { path: `${path}/statement`, before: input.query.before }, reader)
      context.page('backoffice/member-statement', {
        frame: frameOf(context, 'members'),
        login,
        path,
        ...shown,
        table: presentMovements(shown, t),
      })
    },
  })

const FILES = { csv: statementCsv, pdf: statementPdf } as const

const sendFile = (deps: MemberPagesDeps, kind: keyof typeof FILES): Route =>
  defineRoute({
    method: 'get',
    path: `${PATH}.${kind}`,
    policy: staffWith('members.statement'),
    summary: `Sends a member's statement of a period as a ${kind.toUpperCase()} file.`,
    input: { params: MEMBER, query: STATEMENT_QUERY },
    limit: DOCUMENTS,
    handle: async ({ input: { params, query }, staff, t, language, res }) => {
      const { login } = await namedMember(deps, params.id, staff)
      const statement = await read(deps, params.id, query)
      const entry = { author: staff, at: deps.clock.now(), action: 'statement_exported', subject: memberAccount(params.id) }
      await inTransaction(deps.db, (tx) => writeAudit(tx, [entry]))
      await sendDownload(res, FILES[kind](fileOf(deps, statement, { login, reader: { t, language, zone: deps.config.timeZone } })))
    },
  })

const fileOf = (
  deps: MemberPagesDeps,
  statement: PeriodStatement,
  of: { login: string; reader: StatementReader },
): Parameters<typeof statementCsv>[0] => ({
  statement,
  movements: streamMovements(deps, statement),
  member: of.login,
  program: deps.config.program.name,
  reader: of.reader,
})
