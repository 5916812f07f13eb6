import type { Translate } from '../shared/texts'

/** What a deed is about, as a person reads it, with the page that shows it. */
export interface SubjectView {
  readonly text: string
  /** The whole name, as the audit log writes it. */
  readonly title: string
  readonly href?: string
}

const PAGES = {
  member: { text: 'subject.member', named: 'subject.of_member', path: '/admin/members' },
  payment: { text: 'subject.payment', named: 'subject.of_invoice', path: '/admin/payments' },
  staff: { text: 'subject.staff', named: 'subject.of_staff', path: '/admin/staff' },
  order: { text: 'subject.order', named: 'subject.of_order', path: '/admin/orders' },
  invoice: { text: 'subject.invoice', named: 'subject.of_invoice', path: '/admin/autopay/invoices' },
  offer: { text: 'subject.offer', named: 'subject.of_offer', path: '/admin/catalogue' },
  shop: { text: 'subject.shop', named: 'subject.of_shop', path: '/admin/shops' },
  organisation: { text: 'subject.organisation', named: 'subject.of_organisation', path: '/admin/autopay/organisations' },
  rule: { text: 'subject.rule', named: 'subject.of_rule', path: '/admin/autopay/rules' },
} as const

export type SubjectKind = keyof typeof PAGES

export const SUBJECT_KINDS = Object.keys(PAGES) as readonly SubjectKind[]

export const isSubjectKind = (kind: string): kind is SubjectKind => Object.hasOwn(PAGES, kind)

/** The end of a sorted id tells it from those of the same minute, its beginning does not. */
const END = 8

/** @param name what the subject is called; without it an id is told by its end */
export function subjectView(subject: string, t: Translate, name?: string): SubjectView {
  const [kind = '', id] = subject.split(':')
  if (subject === 'staff:new') return { text: t('subject.new_staff'), title: subject }
  if (subject === 'programme') return { text: t('subject.programme'), title: subject }
  if (id === undefined || !isSubjectKind(kind)) return { text: kind === 'fund' ? t('admin.nav.fund') : subject, title: subject }
  const page = PAGES[kind]
  // The page of an order has its number in its address, other pages have the id.
  const address = kind === 'order' ? name : id
  const about = { title: subject, ...(address !== undefined && { href: `${page.path}/${address}` }) }
  return { text: name === undefined ? t(page.text, { id: id.slice(-END) }) : t(page.named, { id: name }), ...about }
}
