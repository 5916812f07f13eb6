/** The room's public face: the operator's staff, their second factor and their sessions. */
export { admitStaff, enterAgain } from './door'
export { disableStaff, changeRole, resetAccess, resetFactor } from './change-staff'
export type { ChangeOrder } from './change-staff'
export { changeOwnPassword, dropOwnFactor, endOtherSessions, requirePassword } from './own-access'
export {
  countRecoveryCodes,
  enrolSecondFactor,
  needsFactor,
  offerSecret,
  openOffer,
  renewRecoveryCodes,
  requireSecondFactor,
} from './second-factor'
export type { OfferedSecret } from './second-factor'
export { endOwnSession, listSessions, signOutEverywhere } from './sessions'
export type { StaffSession } from './sessions'
export { issueSetupCode } from './setup'
export { staffDeeds } from './staff-deeds'
export type { StaffDeeds } from './staff-deeds'
export type { StaffDeps, StaffMember } from './staff'
export { setStaffEmail } from './staff-email'
export { totpAddress } from './codes'
export { listStaff, requireStaff, staffById, staffByLogin } from './store'
export {
  addByCommandLine,
  codeByCommandLine,
  disableByCommandLine,
  emailByCommandLine,
  enableByCommandLine,
  resetFactorByCommandLine,
  roleByCommandLine,
  showAllStaff,
  showStaff,
} from './by-command-line'
export type { ShownStaff } from './by-command-line'
