import { backofficeRoutes } from './backoffice/routes'
import { createHttp } from './http'
import type { Http } from './http'
import { memberRoutes } from './members/routes'
import type { MemberRoutesDeps } from './members/routes'
import { statementRoutes } from './members/statement-routes'
import { createMetrics } from './metrics'
import { findReceipts } from './payments'
import { paymentRoutes } from './payments/routes'
import { probes } from './probes'
import { createTexts } from './shared/texts'
import { admitStaff } from './staff'
import { staffRoutes } from './staff/routes'
import type { Parts } from './wiring'

/** The web application: every room's routes behind one front. Does not listen. */
export function createApp(parts: Parts): Http {
  const { config, db, clock, log } = parts
  const metrics = createMetrics(parts)
  const http = createHttp({
    publicUrl: config.publicUrl,
    sessionSecret: config.sessionSecret,
    mode: config.mode,
    program: config.program,
    db,
    clock,
    log,
    texts: createTexts(),
    trustProxy: config.trustProxy,
    onAnswer: metrics.countRequest,
  })
  http.mount(probes(parts, metrics))
  const admit: MemberRoutesDeps['admitStaff'] = (door, staff, entry) => admitStaff(parts.staff, door, staff, entry)
  http.mount(memberRoutes({ ...parts, passport: http.passport, findReceipts: (ids) => findReceipts(db, ids), admitStaff: admit }))
  http.mount(statementRoutes({ ...parts, findReceipts: (ids) => findReceipts(db, ids) }))
  http.mount(staffRoutes(parts.staff))
  http.mount(paymentRoutes(parts))
  http.mount(backofficeRoutes(parts))
  return http
}
