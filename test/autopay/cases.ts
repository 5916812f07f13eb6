import type { Approval, DecisionContext, SimilarInvoice, Spent } from '../../src/autopay/decision-context'
import type { DueInvoice } from '../../src/autopay/invoice'
import type { Organisation } from '../../src/autopay/organisation'
import type { Rule, RuleBody } from '../../src/autopay/rule'
import { DAY } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'

/** 14:05 in Moscow. */
export const NOW = new Date('2026-11-22T11:05:00Z')
export const ZONE = 'Europe/Moscow'

export const rub = (amount: string): bigint => parseMoney(amount, 'RUB').minor

export const organisation = (of: Partial<Organisation> = {}): Organisation => ({
  id: 'org',
  vatNumber: '7710044140',
  name: 'ООО «Ромашка»',
  isOn: true,
  autopay: { state: 'on', at: NOW, by: 'staff:x' },
  perDay: null,
  perMonth: null,
  contacts: [],
  steps: [],
  createdAt: NOW,
  ...of,
})

export const invoice = (of: Partial<Omit<DueInvoice, 'amount'>> & { amount?: string } = {}): DueInvoice => ({
  id: 'i1',
  organisationId: 'org',
  number: '417-1',
  description: 'Аренда офиса',
  payerName: 'ООО «Ромашка»',
  status: 'pending',
  merchantOrder: null,
  issuedAt: new Date(NOW.getTime() - DAY),
  dueAt: new Date(NOW.getTime() + 3 * DAY),
  paymentUrl: 'https://pay.example/1',
  firstSeenAt: NOW,
  lastSeenAt: NOW,
  stamp: '',
  ...of,
  amount: parseMoney(of.amount ?? '100.00', 'RUB'),
})

export const rule = (body: Partial<RuleBody> = {}, of: Partial<Rule> = {}): Rule => ({
  id: 'r1',
  organisationId: 'org',
  version: 1,
  isOn: true,
  triedAt: NOW,
  ...of,
  body: { name: 'Правило', when: {}, do: 'pay', limits: {}, priority: 100, ...body },
})

export interface Scene {
  readonly organisation?: Partial<Organisation>
  readonly rules?: readonly Rule[]
  readonly fund?: string
  readonly spent?: Readonly<Record<string, Spent>>
  readonly similar?: readonly SimilarInvoice[]
  readonly said?: Partial<Approval>
  readonly shut?: 'off' | 'stopped'
}

/** A context about the invoice `i1`; whatever is not said stands in nobody's way. */
export const context = ({
  organisation: of,
  rules = [rule()],
  fund = '1000000.00',
  spent = {},
  similar,
  said,
  shut,
}: Scene = {}): DecisionContext => ({
  now: NOW,
  zone: ZONE,
  organisations: new Map([['org', organisation(of)]]),
  shut: new Map(shut ? [['org', shut]] : []),
  rules,
  spent: new Map(Object.entries(spent)),
  fund: rub(fund),
  similar: new Map(similar ? [['i1', similar]] : []),
  approvals: new Map(said ? [['i1', { signedSteps: [], isRefused: false, releasedFrom: [], ...said }]] : []),
})

export const similar = (of: Partial<SimilarInvoice> = {}): SimilarInvoice => ({
  invoiceId: 'i0',
  number: '417-0',
  description: 'Другое',
  amount: rub('100.00'),
  issuedAt: new Date(NOW.getTime() - 2 * DAY),
  merchantOrder: null,
  isEarlier: true,
  isPaid: false,
  ...of,
})

/** Work that is done in turns, all of it at once. */
export function atOnce<T>(steps: Iterator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
