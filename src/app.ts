import { officeError } from './backoffice/error-page'
import { backofficeRoutes } from './backoffice/routes'
import type { Config } from './config'
import { createHttp } from './http'
import type { Http } from './http'
import type { DoorDeps } from './invoicebox'
import { memberRoutes } from './members/routes'
import type { MemberRoutesDeps } from './members/routes'
import { statementRoutes } from './members/statement-routes'
import { createMetrics } from './metrics'
import { ensureBundle } from './minapp-bundle'
import { accountTopUps, missingPoints, receiveNotification } from './orders'
import { notificationRoutes } from './orders/notification-routes'
import { orderRoutes } from './orders/routes'
import { findReceipts } from './payments'
import { paymentRoutes } from './payments/routes'
import { probes } from './probes'
import { createTexts } from './shared/texts'
import { admitStaff } from './staff'
import { staffRoutes } from './staff/routes'
import { catalogueRoutes } from './storefront/catalogue-routes'
import { minappRoutes } from './storefront/minapp-routes'
import { redeemRoutes } from './storefront/redeem-routes'
import type { Parts } from './wiring'

/** The web application: every room's routes behind one front. Does not listen. */
export function createApp(parts: Parts): Http {
  const { config, db, clock, log } = parts
  const metrics = createMetrics(parts)
  ensureBundle()
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
    officeError,
    onAnswer: metrics.countRequest,
  })
  http.mount(probes(parts, metrics))
  const admit: MemberRoutesDeps['admitStaff'] = (door, staff, entry) => admitStaff(parts.staff, door, staff, entry)
  const findTopUps: MemberRoutesDeps['findTopUps'] = (memberId, reader) => accountTopUps(parts, memberId, reader)
  http.mount(
    memberRoutes({ ...parts, passport: http.passport, findReceipts: (ids) => findReceipts(db, ids), admitStaff: admit, findTopUps }),
  )
  http.mount(statementRoutes({ ...parts, findReceipts: (ids) => findReceipts(db, ids) }))
  http.mount(staffRoutes(parts.staff))
  http.mount(paymentRoutes({ ...parts, missing: missingPoints(parts) }))
  http.mount(orderRoutes(parts))
  http.mount(catalogueRoutes(parts))
  http.mount(redeemRoutes(parts))
  http.mount(minappRoutes({ ...parts, minapp: config.minapp, hasLetters: config.mail.url !== undefined }))
  http.mount(notificationRoutes({ ...notifications(config), log, receive: (notification) => receiveNotification(parts, notification) }))
  http.mount(backofficeRoutes(parts))
  return http
}

const notifications = ({
  invoicebox: { notificationKey: key, notificationAlgorithm: algorithm },
}: Config): Pick<DoorDeps, 'key' | 'currencies'> => ({
  key: key === undefined ? null : { key, algorithm },
  currencies: ['RUB'],
})
