import type { StaffActor } from '../shared/actor'
import { roleMay } from '../shared/permissions'
import type { Permission } from '../shared/permissions'
import type { TextKey, Translate } from '../shared/texts'

/** The sections of the back office in the order of its navigation, each with the right that opens it. Those of one group stand together under its name. */
const SECTIONS = [
  { name: 'home', href: '/admin', right: 'home.read', text: 'admin.nav.home' },
  { name: 'members', href: '/admin/members', right: 'members.read', text: 'admin.nav.members' },
  { name: 'payments', href: '/admin/payments', right: 'payments.read', text: 'admin.nav.payments', group: 'money' },
  { name: 'fund', href: '/admin/fund', right: 'fund.read', text: 'admin.nav.fund', group: 'money' },
  { name: 'reconciliation', href: '/admin/reconciliation', right: 'reconciliation.read', text: 'admin.nav.reconciliation', group: 'money' },
  { name: 'autopay', href: '/admin/autopay', right: 'autopay.read', text: 'admin.nav.autopay' },
  { name: 'orders', href: '/admin/orders', right: 'orders.read', text: 'admin.nav.orders', group: 'sales' },
  { name: 'catalogue', href: '/admin/catalogue', right: 'catalogue.read', text: 'admin.nav.catalogue', group: 'sales' },
  { name: 'shops', href: '/admin/shops', right: 'catalogue.read', text: 'admin.nav.shops', group: 'sales' },
  { name: 'approvals', href: '/admin/approvals', right: 'approvals.read', text: 'admin.nav.approvals' },
  { name: 'audit', href: '/admin/audit', right: 'audit.read', text: 'admin.nav.audit', group: 'office' },
  { name: 'staff', href: '/admin/staff', right: 'staff.read', text: 'admin.nav.staff', group: 'office' },
  { name: 'notices', href: '/admin/notices', right: 'notices.read', text: 'admin.nav.notices', group: 'office' },
  { name: 'me', href: '/admin/me', right: 'home.read', text: 'admin.nav.me', group: 'office' },
] as const satisfies readonly SectionOf[]

type Group = 'money' | 'sales' | 'office'

interface SectionOf {
  readonly name: string
  readonly href: string
  readonly right: Permission
  readonly text: TextKey
  readonly group?: Group
}

export type Section = (typeof SECTIONS)[number]['name']

/** The section that an address belongs to. */
export const sectionAt = (path: string): (typeof SECTIONS)[number] | undefined =>
  SECTIONS.find(({ href }) => path === href || (href !== '/admin' && path.startsWith(`${href}/`)))

interface NavLink {
  readonly href: string
  readonly text: string
  readonly current: boolean
}

/** A section, or several under one name. A group of which somebody may open one section is that section for them. */
type NavEntry =
  (NavLink & { readonly links?: never }) | { readonly text: string; readonly current: boolean; readonly links: readonly NavLink[] }

/** What the frame around every page of the back office shows. */
export interface Frame {
  readonly nav: readonly NavEntry[]
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
export function frameOf({ staff, t }: Visit, section: Section | undefined, done?: string): Frame {
  return {
    nav: navOf({ staff, t }, section),
    role: t(`role.${staff.role}`),
    done: done === 'done' || done === 'waiting' ? t(`done.${done}`) : null,
  }
}

const groupOf = (section: (typeof SECTIONS)[number]): Group | undefined => ('group' in section ? section.group : undefined)

function navOf({ staff, t }: Visit, current: Section | undefined): NavEntry[] {
  const open = SECTIONS.filter(({ right }) => roleMay(staff.role, right))
  const linkOf = ({ name, href, text }: (typeof SECTIONS)[number]): NavLink => ({ href, text: t(text), current: name === current })
  return open.flatMap((section, index): NavEntry[] => {
    const group = groupOf(section)
    const together = open.filter((one) => groupOf(one) === group)
    if (group === undefined || together.length === 1) return [linkOf(section)]
    if (together[0] !== open[index]) return []
    return [{ text: t(`admin.nav.${group}`), current: together.some(({ name }) => name === current), links: together.map(linkOf) }]
  })
}
