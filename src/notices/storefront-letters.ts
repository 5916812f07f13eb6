import { orderPath } from '../orders'
import type { Order } from '../orders'
import { createTexts } from '../shared/texts'
import { formatMoment, formatMoney } from '../shared/texts/format'
import { render } from './letters'
import type { Body } from './letters'
import type { Notice, NoticeSettings } from './notice'

const texts = createTexts()

/** The letter with a one-time code. The subject does not tell it: subjects are shown on locked screens. */
export function codeLetter({ language }: Notice, digits: string, settings: NoticeSettings): Body {
  const t = texts.translator(language)
  const program = settings.programName
  return render({
    subject: t('mail.code.subject', { program }),
    lines: [t('mail.greeting'), t('mail.code.text', { program }), t('mail.code.not_you')],
    rows: [[t('mail.code'), digits]],
    foot: t('mail.foot', { program }),
  })
}

/** The letter with what was bought: a voucher, or a code for points. */
export function goodsLetter(
  notice: Notice,
  { order, code }: { readonly order: Order; readonly code: string },
  settings: NoticeSettings,
): Body {
  const { language } = notice
  const t = texts.translator(language)
  const program = settings.programName
  const points = formatMoney(order.points, language)
  const [subject, text] =
    order.goods === 'voucher'
      ? [t('mail.voucher.subject', { title: order.title ?? program }), t('mail.voucher.text')]
      : [t('mail.gift.subject', { points, program }), t('mail.gift.text', { points })]
  return render({
    subject,
    lines: [t('mail.greeting'), text],
    rows: [
      ...(order.title === null ? [] : [[t('mail.bought'), order.title] as const]),
      [t('mail.code'), code],
      [t('mail.order'), order.number],
      [t('mail.paid'), formatMoney(order.amount, language)],
      [t('mail.at'), formatMoment(order.settledAt ?? notice.createdAt, language, settings.zone)],
    ],
    ...linkOf(order, settings, t),
    foot: t('mail.foot', { program }),
  })
}

/** A guest has no page here but the one where a code for points is redeemed. */
function linkOf(order: Order, { publicUrl }: NoticeSettings, t: ReturnType<typeof texts.translator>) {
  if (order.goods === 'code') return { link: { text: t('mail.gift.redeem'), href: new URL('/account/redeem', publicUrl).href } }
  if (order.memberId === null) return {}
  return { link: { text: t('mail.open_order'), href: new URL(orderPath(order.number), publicUrl).href } }
}
