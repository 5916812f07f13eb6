import type { Translate } from '../shared/texts'

/** What a deed is about, as a person reads it, with the page that shows it. */
export interface SubjectView {
  readonly text: string
  /** The whole name, as the audit log writes it. */
  readonly title: string
  readonly href?: string
}

const PAGES = {
  member: { text: 'subject.member', path: '/admin/members' },
  payment: { text: 'subject.payment', path: '/admin/payments' },
  staff: { text: 'subject.staff', path: '/admin/staff' },
  order: { text: 'subject.order', path: '/admin/orders' },
  invoice: { text: 'subject.invoice', path: '/admin/autopay/invoices' },
  offer: { text: 'subject.offer', path: '/admin/catalogue' },
} as const

const isPage = (kind: string): kind is keyof typeof PAGES => Object.hasOwn(PAGES, kind)

/** The end of a sorted id tells it from those of the same minute, its beginning does not. */
const END = 8

export function subjectView(subject: string, t: Translate): SubjectView {
  const [kind = '', id] = subject.split(':')
  if (subject === 'member:limits' || id === undefined || !isPage(kind))
    return { text: kind === 'fund' ? t('admin.nav.fund') : subject, title: subject }
  const page = PAGES[kind]
  return { text: t(page.text, { id: kind === 'order' ? id : id.slice(-END) }), title: subject, href: `${page.path}/${id}` }
}
