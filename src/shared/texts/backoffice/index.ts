import { approvalsEn, approvalsRu } from './approvals'
import { auditEn, auditRu } from './audit'
import { frameEn, frameRu } from './frame'
import { fundEn, fundRu } from './fund'
import { homeEn, homeRu } from './home'
import { mailEn, mailRu } from './mail'
import { membersEn, membersRu } from './members'
import { paymentsEn, paymentsRu } from './payments'
import { reconciliationEn, reconciliationRu } from './reconciliation'
import { staffEn, staffRu } from './staff'

/** The texts of the staff's pages and of the letters, one file for each section. */
export const backofficeRu = {
  ...frameRu,
  ...homeRu,
  ...staffRu,
  ...membersRu,
  ...paymentsRu,
  ...reconciliationRu,
  ...fundRu,
  ...mailRu,
  ...approvalsRu,
  ...auditRu,
} as const

export const backofficeEn = {
  ...frameEn,
  ...homeEn,
  ...staffEn,
  ...membersEn,
  ...paymentsEn,
  ...reconciliationEn,
  ...fundEn,
  ...mailEn,
  ...approvalsEn,
  ...auditEn,
} as const
