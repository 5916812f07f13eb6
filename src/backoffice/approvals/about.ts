import type { ApprovalRequest } from '../../approvals'
import { findPaymentsById } from '../../payments'
import type { StaffActor } from '../../shared/actor'
import type { Db } from '../../shared/database'
import { NotMoney, parseMoney } from '../../shared/money'
import type { Money } from '../../shared/money'
import type { Language } from '../../shared/texts'
import { readSubjectNames } from '../subject-names'

/** What a request is about, as far as it has an amount and a name: what tells ten requests of one kind from each other. */
export interface About {
  readonly amount: Money | null
  /** The login, the number of the invoice, the name or the title, by which people know it. */
  readonly name: string | undefined
}

/** Fields of what is ordered that hold its amount, with their unit. */
export const AMOUNT_FIELDS = { points: 'PTS', roubles: 'RUB', amount: 'RUB' } as const

export const NOTHING_ABOUT: About = { amount: null, name: undefined }

/** What each of these requests is about, by its id. An amount that is not part of the order is that of its payment. Reads for the requests of one page at once. */
export async function readAbout(
  db: Db,
  requests: readonly ApprovalRequest[],
  reader: { readonly staff: StaffActor; readonly language: Language },
): Promise<ReadonlyMap<string, About>> {
  const ids = [...new Set(requests.flatMap((request) => paymentOf(request) ?? []))]
  const payments = new Map((await findPaymentsById(db, ids)).map((payment) => [payment.id, payment]))
  const subjects = requests.map(({ subject }) => subject)
  const names = await readSubjectNames(db, subjects, reader)
  return new Map(
    requests.map((request) => {
      const id = paymentOf(request)
      const payment = id === undefined ? undefined : payments.get(id)
      return [request.id, { amount: orderedAmount(request) ?? payment?.worth ?? null, name: names.get(request.subject) }]
    }),
  )
}

const paymentOf = ({ subject }: ApprovalRequest): string | undefined =>
  subject.startsWith('payment:') ? subject.slice('payment:'.length) : undefined

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
