import { z } from 'zod'
import { listAudit, readHead } from '../../audit'
import type { AuditFilter, AuditLine } from '../../audit'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import type { Clock } from '../../shared/clock'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { dayEnd, dayStart, isDay } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import { readSubjectNames } from '../subject-names'
import { askedSubject } from './asked-subject'
import type { AskedSubject } from './asked-subject'
import { AUDIT_HEADER, auditCells, presentLog } from './present'

export interface AuditRoutesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly zone: string
}

const PAGE = 50
const EXPORT_PAGE = 1000
const TEXT = z.string().trim().max(100).optional()
const DAY = z.union([z.literal(''), z.string().refine(isDay)]).optional()
const FILTERS = { actor: TEXT, action: TEXT, subject: TEXT, kind: TEXT, name: TEXT, from: DAY, to: DAY }
const QUERY = z.object(FILTERS)

/** The doors of the audit log. */
export const auditRoutes = (deps: AuditRoutesDeps): Route[] => [showLog(deps), exportLog(deps)]

type Logins = ReadonlyMap<string, string>

/** Staff are asked for by their logins, as the list tells them, or by whatever the log calls somebody. */
const askedActor = (typed: string, logins: Logins): string => [...logins].find(([, login]) => login === typed)?.[0] ?? typed

function filterOf({ query, subjects }: AskedSubject<z.output<typeof QUERY>>, zone: string, logins: Logins): AuditFilter {
  const { actor, action, from, to } = query
  const set = (text: string | undefined): string | undefined => (text === '' ? undefined : text)
  return {
    actor: actor ? askedActor(actor, logins) : undefined,
    action: set(action),
    subjects,
    from: from ? dayStart(from, zone) : undefined,
    to: to ? dayEnd(to, zone) : undefined,
  }
}

const showLog = ({ db, clock, zone }: AuditRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/audit',
    policy: staffWith('audit.read'),
    summary: 'Lists who did what, newest first.',
    input: { query: QUERY.extend({ before: z.string().refine(looksLikeId).optional() }) },
    handle: async (context) => {
      const logins = await staffLogins(db)
      const asked = await askedSubject({ db, clock, staff: context.staff, logins }, context.input.query)
      const { query } = asked
      const [found, head] = await Promise.all([
        listAudit(db, filterOf(asked, zone, logins), { before: query.before, limit: PAGE + 1 }),
        readHead(db),
      ])
      const lines = found.slice(0, PAGE)
      const subjects = [...lines.map(({ subject }) => subject), ...(query.subject ? [query.subject] : [])]
      const names = await readSubjectNames(db, subjects, { ...context, logins })
      const view = { lines, hasMore: found.length > PAGE, asked, typed: context.input.query, logins, names }
      const reader = { ...context, zone }
      context.page('backoffice/audit', {
        frame: frameOf(context, 'audit'),
        ...presentLog(view, `${String(head.position)}:${head.hash}`, reader),
      })
    },
  })

/** The export is a reading of the log, which is itself written down. */
const exportLog = ({ db, clock, zone }: AuditRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/admin/audit.csv',
    policy: staffWith('audit.read'),
    summary: 'Gives the rows that the same filters show as a CSV file.',
    input: { query: QUERY },
    handle: async (context) => {
      const author = context.staff
      const logins = await staffLogins(db)
      const filter = filterOf(await askedSubject({ db, clock, staff: author, logins }, context.input.query), zone, logins)
      await inTransaction(db, (tx) => writeAudit(tx, [{ author, at: clock.now(), action: 'audit_exported', subject: 'audit' }]))
      await sendDownload(context.res, { name: 'audit.csv', type: CSV_TYPE, pieces: csvFile(AUDIT_HEADER, pages(db, filter)) })
    },
  })

async function* pages(db: Db, filter: AuditFilter): AsyncGenerator<string[][]> {
  let last: AuditLine | undefined
  do {
    const lines = await listAudit(db, filter, { before: last?.id, limit: EXPORT_PAGE })
    yield lines.map(auditCells)
    last = lines.length === EXPORT_PAGE ? lines.at(-1) : undefined
  } while (last)
}
