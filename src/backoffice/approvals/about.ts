import type { ApprovalRequest } from '../../approvals'
import { readInvoiceNumbers } from '../../autopay'
import { findPaymentsById } from '../../payments'
import type { Db } from '../../shared/database'
import { NotMoney, parseMoney } from '../../shared/money'
import type { Money } from '../../shared/money'

/** What a request is about, as far as it has an amount and an invoice: what tells ten requests of one kind from each other. */
export interface About {
  readonly amount: Money | null
  /** The number of the invoice, as people name it. */
  readonly invoice: string | null
}

/** Fields of what is ordered that hold its amount, with their unit. */
export const AMOUNT_FIELDS = { points: 'PTS', roubles: 'RUB', amount: 'RUB' } as const

export const NOTHING_ABOUT: About = { amount: null, invoice: null }

/** What each of these requests is about, by its id. An amount that is not part of the order is that of its payment. Reads for the requests of one page at once. */
export async function readAbout(db: Db, requests: readonly ApprovalRequest[]): Promise<ReadonlyMap<string, About>> {
  const payments = new Map((await findPaymentsById(db, idsOf(requests, 'payment'))).map((payment) => [payment.id, payment]))
  const invoices = await readInvoiceNumbers(db, idsOf(requests, 'invoice'))
  return new Map(
    requests.map((request) => {
      const id = idIn(request, 'payment')
      const payment = id === undefined ? undefined : payments.get(id)
      const number = payment?.invoiceNumber ?? invoices.get(idIn(request, 'invoice') ?? '') ?? null
      return [request.id, { amount: orderedAmount(request) ?? payment?.worth ?? null, invoice: number }]
    }),
  )
}

type Kind = 'payment' | 'invoice'

const idIn = ({ subject }: ApprovalRequest, kind: Kind): string | undefined =>
  subject.startsWith(`${kind}:`) ? subject.slice(kind.length + 1) : undefined

const idsOf = (requests: readonly ApprovalRequest[], kind: Kind): string[] => [
  ...new Set(requests.flatMap((request) => idIn(request, kind) ?? [])),
]

function orderedAmount({ payload }: ApprovalRequest): Money | null {
  for (const [name, unit] of Object.entries(AMOUNT_FIELDS)) {
    const given = payload[name]
    if (typeof given === 'string') return readAmount(given, unit)
  }
  return null
}

/** What a later version stored may be no amount of ours. */
function readAmount(text: string, unit: Money['unit']): Money | null {
  try {
    return parseMoney(text, unit)
  } catch (error) {
    if (error instanceof NotMoney) return null
    throw error
  }
}
