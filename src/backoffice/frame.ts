import type { StaffActor } from '../shared/actor'
import { roleMay } from '../shared/permissions'
import type { Permission } from '../shared/permissions'
import type { TextKey, Translate } from '../shared/texts'

/** The sections of the back office in the order of its navigation, each with the right that opens it. */
const SECTIONS = [
  { name: 'home', href: '/admin', right: 'home.read', text: 'admin.nav.home' },
  { name: 'members', href: '/admin/members', right: 'members.read', text: 'admin.nav.members' },
  { name: 'payments', href: '/admin/payments', right: 'payments.read', text: 'admin.nav.payments' },
  { name: 'orders', href: '/admin/orders', right: 'orders.read', text: 'admin.nav.orders' },
  { name: 'catalogue', href: '/admin/catalogue', right: 'catalogue.read', text: 'admin.nav.catalogue' },
  { name: 'shops', href: '/admin/shops', right: 'catalogue.read', text: 'admin.nav.shops' },
  { name: 'autopay', href: '/admin/autopay', right: 'autopay.read', text: 'admin.nav.autopay' },
  { name: 'fund', href: '/admin/fund', right: 'fund.read', text: 'admin.nav.fund' },
  { name: 'reconciliation', href: '/admin/reconciliation', right: 'reconciliation.read', text: 'admin.nav.reconciliation' },
  { name: 'approvals', href: '/admin/approvals', right: 'approvals.read', text: 'admin.nav.approvals' },
  { name: 'audit', href: '/admin/audit', right: 'audit.read', text: 'admin.nav.audit' },
  { name: 'staff', href: '/admin/staff', right: 'staff.read', text: 'admin.nav.staff' },
  { name: 'notices', href: '/admin/notices', right: 'notices.read', text: 'admin.nav.notices' },
  { name: 'me', href: '/admin/me', right: 'home.read', text: 'admin.nav.me' },
] as const satisfies readonly { name: string; href: string; right: Permission; text: TextKey }[]

export type Section = (typeof SECTIONS)[number]['name']

/** The section that an address belongs to. */
export const sectionAt = (path: string): (typeof SECTIONS)[number] =>
  SECTIONS.find(({ href }) => href !== '/admin' && (path === href || path.startsWith(`${href}/`))) ?? SECTIONS[0]

/** What the frame around every page of the back office shows. */
export interface Frame {
  readonly nav: readonly { readonly href: string; readonly text: string; readonly current: boolean }[]
  /** The role of whoever looks, as a word. */
  readonly role: string
  /** What the form before this page has done, when it was one that says so by `?done=`. */
  readonly done: string | null
}

interface Visit {
  readonly staff: StaffActor
  readonly t: Translate
}

/** @param done the value of the query key `done`: any text, of which two mean something */
export function frameOf({ staff, t }: Visit, section: Section, done?: string): Frame {
  return {
    nav: SECTIONS.filter(({ right }) => roleMay(staff.role, right)).map(({ name, href, text }) => ({
      href,
      text: t(text),
      current: name === section,
    })),
    role: t(`role.${staff.role}`),
    done: done === 'done' || done === 'waiting' ? t(`done.${done}`) : null,
  }
}
