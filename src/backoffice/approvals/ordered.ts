import type { ApprovalRequest } from '../../approvals'
import type { AuditFacts } from '../../shared/audit'
import { factLabel, factText } from '../facts'
import type { Reader } from '../reader'
import { AMOUNT_FIELDS } from './about'
import type { About } from './about'

interface Told {
  readonly about: About
  /** The facts that the page tells anyway, as they would be afterwards. */
  readonly told: AuditFacts
}

/** What facts call what was ordered under another name. */
const TOLD_AS: Readonly<Record<string, string>> = {
  steps: 'approval_steps',
  staff: 'assigned',
  perPayment: 'per_payment',
  perDay: 'per_day',
  perMonth: 'per_month',
}

/** What exactly was ordered, as far as nothing else on the page says it. What somebody had seen when they ordered it is for the machine alone. */
export const orderedRows = (request: ApprovalRequest, { about, told }: Told, reader: Reader): { label: string; value: string }[] =>
  Object.entries(request.payload)
    .filter(([name, value]) => name !== 'basedOn' && !repeatsSubject(request, value))
    .filter(([name]) => !(about.amount !== null && Object.hasOwn(AMOUNT_FIELDS, name)))
    .filter(([name]) => !Object.hasOwn(told, name) && !Object.hasOwn(told, TOLD_AS[name] ?? name))
    .map(([name, value]) => ({ label: factLabel(name, reader.t), value: orderedText(request, name, value, reader) }))

/** The id that the subject tells already, under a name that means nothing to whoever decides. */
const repeatsSubject = ({ subject }: ApprovalRequest, value: unknown): boolean => subject.endsWith(`:${String(value)}`)

const LIMIT = /^(perPayment|perInvoice|perPayee|perDay|perMonth)$/
const BARE = /^\d+\.\d\d$/

/** Limits are ordered without their unit: those of members are points, all others roubles. One that is absent does not limit. */
function orderedText({ kind }: ApprovalRequest, name: string, value: string | boolean | null, reader: Reader): string {
  if (!LIMIT.test(name)) return factText(value, reader, name)
  if (value === null || value === '') return reader.t('admin.unlimited')
  const unit = kind.endsWith('limits_set') ? 'PTS' : 'RUB'
  return factText(typeof value === 'string' && BARE.test(value) ? `${value} ${unit}` : value, reader, name)
}
