import { parseMoney } from '../shared/money'
import { createTexts } from '../shared/texts'
import type { Language, Translate } from '../shared/texts'
import { formatMoney } from '../shared/texts/format'
import { readTold } from '../shared/told'
import { render } from './letters'
import type { Body } from './letters'
import type { Notice, NoticeSettings } from './notice'

const texts = createTexts()

/** The letter to an organisation's people: what a run or a month came to, or what waits for their signature, with a link to it. */
export const autopayLetter = (notice: Notice, settings: NoticeSettings): Body =>
  notice.topic === 'autopay_approval' ? approvalLetter(notice, settings) : digestLetter(notice, settings)

/** `run` names what it is about: a run by its id, a month by its first day. */
function digestLetter({ topic, language, facts }: Notice, settings: NoticeSettings): Body {
  const t = texts.translator(language)
  const { organisation = '', paid = '0', waiting = '0', run = '' } = facts
  const isMonth = topic === 'autopay_month'
  const values = { paid, waiting, organisation, month: run.slice(0, 7) }
  const path = isMonth ? `/admin/autopay/report?month=${values.month}` : `/admin/autopay/runs/${run}`
  const total = (outcome: 'paid' | 'waiting' | 'refused'): string =>
    t('autopay.count_sum', { count: facts[outcome] ?? '0', amount: roubles(facts[`${outcome}_sum`], language) })
  return render({
    subject: isMonth ? t('autopay.mail.month.subject', values) : t('autopay.mail.digest.subject', values),
    lines: [isMonth ? t('autopay.mail.month.text', values) : t('autopay.mail.digest.text', { organisation }), ...problemLines(facts, t)],
    rows: [
      [t('autopay.outcome.paid'), total('paid')],
      [t('autopay.outcome.waiting'), total('waiting')],
      [t('autopay.outcome.refused'), total('refused')],
      ...budgetRow(facts, language),
    ],
    link: { text: t(isMonth ? 'autopay.mail.open_report' : 'autopay.mail.open_run'), href: new URL(path, settings.publicUrl).href },
    foot: t('mail.alert.foot', { program: settings.programName }),
  })
}

/** A run that did not come to its end tells how things stood then: what waits may only not have been reached. */
const problemLines = ({ problem }: Notice['facts'], t: Translate): string[] =>
  problem === undefined ? [] : [t('autopay.mail.digest.problem', { problem: readTold(problem, t) })]

/** Letters of before had no such facts. */
function budgetRow({ month_spent: spent, month_budget: budget }: Notice['facts'], language: Language): [string, string][] {
  const t = texts.translator(language)
  if (spent === undefined) return []
  const values = {
    spent: roubles(spent, language),
    budget: budget === undefined ? t('autopay.report.no_budget') : roubles(budget, language),
  }
  return [[t('autopay.mail.budget'), budget === undefined ? t('autopay.mail.spent_no_budget', values) : t('autopay.mail.spent_of', values)]]
}

function approvalLetter({ language, facts }: Notice, settings: NoticeSettings): Body {
  const t = texts.translator(language)
  const { organisation = '', count = '0', invoice } = facts
  const values = { count, amount: roubles(facts['sum'], language), organisation }
  const isOne = invoice !== undefined
  const path = isOne ? `/admin/autopay/invoices/${invoice}` : '/admin/autopay/queue/mine'
  return render({
    subject: t('autopay.mail.approval.subject', values),
    lines: [t('autopay.mail.approval.text', values)],
    rows: [],
    link: { text: t(isOne ? 'autopay.mail.open_invoice' : 'autopay.mail.open_queue'), href: new URL(path, settings.publicUrl).href },
    foot: t('mail.alert.foot', { program: settings.programName }),
  })
}

/** Facts hold amounts as `12.00 RUB`. */
const roubles = (text: string | undefined, language: Language): string =>
  formatMoney(parseMoney((text ?? '0.00 RUB').replace(/ RUB$/, ''), 'RUB'), language)
