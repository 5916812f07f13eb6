import { isStaff } from './actor'
import type { Author, StaffRole } from './actor'
import { Refusal } from './refusals'

/**
 * The role matrix: what each right is called and which roles have it. Routes, use cases, the command line and the tests all read this one table.
 * A viewer sees that all is well; support looks after members without seeing who they are; an operator moves points and money; an approver is the second
 * pair of eyes and changes nothing by themselves; an auditor reads everything; an admin looks after staff.
 */
export const PERMISSIONS = {
  'home.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'members.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  /** Names, e-mail addresses and phone numbers; without it they are masked. Each look is written down. */
  'members.read-personal': ['operator', 'approver', 'auditor', 'admin'],
  'members.statement': ['support', 'operator', 'approver', 'auditor', 'admin'],
  'members.add': ['operator', 'admin'],
  'members.adjust': ['operator', 'admin'],
  'members.lock': ['support', 'operator', 'admin'],
  'members.limits': ['operator', 'admin'],
  'members.erase': ['admin'],
  'payments.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'payments.check': ['support', 'operator', 'admin'],
  'payments.resolve': ['operator', 'admin'],
  'payments.reverse': ['operator', 'admin'],
  'fund.read': ['viewer', 'operator', 'approver', 'auditor', 'admin'],
  'fund.change': ['operator', 'admin'],
  'reconciliation.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'reconciliation.run': ['operator', 'auditor', 'admin'],
  'reconciliation.remark': ['support', 'operator', 'admin'],
  'reconciliation.resolve': ['operator', 'admin'],
  /** Letters and webhook calls: what was sent, and what was given up. */
  'notices.read': ['operator', 'auditor', 'admin'],
  'notices.retry': ['operator', 'admin'],
  /** Invoices of organisations; everybody but admin and auditor sees only the organisations that they are assigned to. */
  'autopay.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'autopay.rules': ['operator', 'admin'],
  'autopay.approve': ['operator', 'approver', 'admin'],
  'autopay.run': ['operator', 'admin'],
  /** Stopping is for more people than starting. */
  'autopay.stop': ['support', 'operator', 'approver', 'admin'],
  'organisations.change': ['operator', 'admin'],
  /** Every organisation is there for them, assigned or not. */
  'organisations.all': ['auditor', 'admin'],
  /** Top-ups: orders of members at Invoicebox, their refunds and the notifications about them. */
  'orders.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'orders.check': ['support', 'operator', 'admin'],
  'orders.refund': ['operator', 'admin'],
  'notifications.replay': ['operator', 'admin'],
  /** What is sold: offers, codes of vouchers, and the shops that accept the programme. */
  'catalogue.read': ['viewer', 'support', 'operator', 'approver', 'auditor', 'admin'],
  'catalogue.change': ['operator', 'admin'],
  'alerts.close': ['operator', 'admin'],
  'ledger.verify': ['operator', 'auditor', 'admin'],
  'approvals.read': ['operator', 'approver', 'auditor', 'admin'],
  'approvals.decide': ['approver', 'admin'],
  'audit.read': ['auditor', 'admin'],
  'lists.export': ['operator', 'auditor', 'admin'],
  'staff.read': ['auditor', 'admin'],
  'staff.change': ['admin'],
} as const satisfies Record<string, readonly StaffRole[]>

export type Permission = keyof typeof PERMISSIONS

export const PERMISSION_NAMES = Object.keys(PERMISSIONS) as Permission[]

export const rolesWith = (permission: Permission): readonly StaffRole[] => PERMISSIONS[permission]

/** Whether somebody of this role has the right. */
export const roleMay = (role: StaffRole, permission: Permission): boolean => rolesWith(permission).includes(role)

/** Whether the author has the right. The gateway itself, which includes whoever sits at its command line under no name, has all of them; a member none. */
export const may = (author: Author, permission: Permission): boolean =>
  author.kind === 'system' || (isStaff(author) && roleMay(author.role, permission))

/** @throws Refusal forbidden (detail: the right that is missing) */
export function requirePermission(author: Author, permission: Permission): void {
  if (!may(author, permission)) throw new Refusal('forbidden', permission)
}
