import type { PaymentFacts } from '../payments'
import { createTexts } from '../shared/texts'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, formatMoney } from '../shared/texts/format'
import { knownText } from '../shared/texts/known-text'
import type { Letter } from './mailer'
import type { Notice, NoticeSettings } from './notice'
import { readTold } from '../shared/told'

const texts = createTexts()

/** What a letter says, before it becomes text and HTML. */
export interface Content {
  readonly subject: string
  readonly lines: readonly string[]
  readonly rows: readonly (readonly [string, string])[]
  readonly link?: { readonly text: string; readonly href: string }
  readonly foot: string
}

export type Body = Pick<Letter, 'subject' | 'text' | 'html'>

/** The letter about a payment that was made or taken back, in the member's language. */
export function paymentLetter(notice: Notice, payment: PaymentFacts, settings: NoticeSettings): Body {
  const t = texts.translator(notice.language)
  const { language } = notice
  const number = payment.invoiceNumber
  const isReceipt = notice.topic === 'receipt'
  const points = formatMoney(payment.points, language)
  return render({
    subject: t(isReceipt ? 'mail.receipt.subject' : 'mail.reversal.subject', { number }),
    lines: [t('mail.greeting'), isReceipt ? t('mail.receipt.text', { number }) : t('mail.reversal.text', { number, points })],
    rows: [
      [t('mail.invoice'), number],
      [t('mail.amount'), formatMoney(payment.amount, language)],
      [t(isReceipt ? 'mail.points_spent' : 'mail.points_returned'), points],
      [t('mail.at'), formatMoment(isReceipt ? (payment.settledAt ?? notice.createdAt) : notice.createdAt, language, settings.zone)],
    ],
    link: isReceipt
      ? { text: t('mail.open_receipt'), href: new URL(`/pay/${payment.checkoutId}`, settings.publicUrl).href }
      : { text: t('mail.open_account'), href: new URL('/account', settings.publicUrl).href },
    foot: t('mail.foot', { program: settings.programName }),
  })
}

/** The letter about an alert, or about a request that waits for a second person, for the operator's staff. */
export function staffLetter({ topic, source, facts, language }: Notice, settings: NoticeSettings): Body {
  const t = texts.translator(language)
  const { kind = '', subject = '', detail = '', at = '' } = facts
  const isRequest = topic === 'approval'
  const what = isRequest ? t('mail.approval') : alertName(kind, t)
  return render({
    subject: t('mail.alert.subject', { what, program: settings.programName }),
    lines: [what, readTold(detail, t, (value) => wordOf(value, t, language, settings))],
    rows: [
      [t('mail.alert.kind'), kind],
      [t('mail.alert.about'), subject],
      [t('mail.at'), formatMoment(new Date(at), language, settings.zone)],
    ],
    link: { text: t('mail.alert.open'), href: new URL(isRequest ? `/admin/approvals/${source}` : '/admin', settings.publicUrl).href },
    foot: t('mail.alert.foot', { program: settings.programName }),
  })
}

/** Moments as people write them, and what a request is about in words. */
function wordOf(value: string, t: Translate, language: Language, { zone }: NoticeSettings): string {
  if (ISO_MOMENT.test(value)) return formatMoment(new Date(value), language, zone)
  return knownText(t, `deed.${value}`) ?? value
}

const ISO_MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/

/** A kind that has no text of its own is told by its name. */
const alertName = (kind: string, t: Translate): string => knownText(t, `alert.${kind}`) ?? kind

export const render = (content: Content): Body => ({ subject: content.subject, text: asText(content), html: asHtml(content) })

const asText = ({ lines, rows, link, foot }: Content): string =>
  [...lines, rows.map(([name, value]) => `${name}: ${value}`).join('\n'), ...(link ? [`${link.text}: ${link.href}`] : []), '-- ', foot]
    .join('\n\n')
    .replace('-- \n\n', '-- \n')

const escape = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

/** Plain paragraphs and a table: nothing is loaded from anywhere, and every mail program shows it. */
const asHtml = ({ lines, rows, link, foot }: Content): string => `<!doctype html>
<html><body>
${lines.map((line) => `<p>${escape(line)}</p>`).join('\n')}
<table>
${rows.map(([name, value]) => `<tr><th align="left">${escape(name)}</th><td>${escape(value)}</td></tr>`).join('\n')}
</table>
${link ? `<p><a href="${escape(link.href)}">${escape(link.text)}</a></p>` : ''}
<p><small>${escape(foot)}</small></p>
</body></html>
`
