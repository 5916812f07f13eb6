import { answersEn, answersRu } from './answers'
import { approvalsEn, approvalsRu } from './approvals'
import { auditEn, auditRu } from './audit'
import { auditedEn, auditedRu } from './audited'
import { autopayEn, autopayRu } from './autopay'
import { autopayRulesEn, autopayRulesRu } from './autopay-rules'
import { autopayRunsEn, autopayRunsRu } from './autopay-runs'
import { autopayWhyEn, autopayWhyRu } from './autopay-why'
import { faultsEn, faultsRu } from './faults'
import { frameEn, frameRu } from './frame'
import { fundEn, fundRu } from './fund'
import { homeEn, homeRu } from './home'
import { mailEn, mailRu } from './mail'
import { membersEn, membersRu } from './members'
import { backofficeCatalogueEn, backofficeCatalogueRu } from './catalogue'
import { backofficeOrdersEn, backofficeOrdersRu } from './orders'
import { paymentsEn, paymentsRu } from './payments'
import { reconciliationEn, reconciliationRu } from './reconciliation'
import { staffEn, staffRu } from './staff'
import { statementEn, statementRu } from './statement'
import { toldEn, toldRu } from '../told'

/** The texts of the staff's pages and of the letters, one file for each section. */
export const backofficeRu = {
  ...frameRu,
  ...faultsRu,
  ...homeRu,
  ...staffRu,
  ...membersRu,
  ...paymentsRu,
  ...answersRu,
  ...backofficeOrdersRu,
  ...backofficeCatalogueRu,
  ...reconciliationRu,
  ...statementRu,
  ...toldRu,
  ...fundRu,
  ...mailRu,
  ...approvalsRu,
  ...auditRu,
  ...auditedRu,
  ...autopayRu,
  ...autopayRunsRu,
  ...autopayRulesRu,
  ...autopayWhyRu,
} as const

export const backofficeEn = {
  ...frameEn,
  ...faultsEn,
  ...homeEn,
  ...staffEn,
  ...membersEn,
  ...paymentsEn,
  ...answersEn,
  ...backofficeOrdersEn,
  ...backofficeCatalogueEn,
  ...reconciliationEn,
  ...statementEn,
  ...toldEn,
  ...fundEn,
  ...mailEn,
  ...approvalsEn,
  ...auditEn,
  ...auditedEn,
  ...autopayEn,
  ...autopayRunsEn,
  ...autopayRulesEn,
  ...autopayWhyEn,
} as const
