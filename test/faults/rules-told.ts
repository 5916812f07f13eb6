import type { Told } from './buyers'
import { hasAlert, inState } from './evidence'
import type { BookedPayment, Evidence } from './evidence'

export function silentReviews(evidence: Evidence): string[] {
  return inState(evidence, 'review')
    .filter(({ id }) => !hasAlert(evidence, 'payment_in_review', id))
    .map(({ id }) => `Nobody is called to payment ${id}.`)
}

const paymentsOf = ({ payments }: Evidence, { login, invoiceId }: Pick<Told, 'login' | 'invoiceId'>): BookedPayment[] =>
  payments.filter((payment) => payment.login === login && payment.invoiceId === invoiceId)

const TAKES_THE_DATABASE_AWAY: readonly string[] = ['database restarted', 'database crashes']

export function failedPages({ plan, told }: Evidence): string[] {
  if (plan.faults.some(({ name }) => TAKES_THE_DATABASE_AWAY.includes(name))) return []
  return told
    .filter(({ status }) => status === 500)
    .map(({ login, scene, after }) => `${login} got an error of ours in ${scene}, at the ${after}.`)
}

const HAS_PAID: readonly string[] = ['captured', 'reversing', 'reversed']

export function toldPaidWrongly(evidence: Evidence): string[] {
  return evidence.told
    .filter((told) => told.state === 'paid' && !paymentsOf(evidence, told).some(({ state }) => HAS_PAID.includes(state)))
    .map(({ login, scene }) => `${login} was told "paid" in ${scene}, but there is no capture.`)
}

/** An error page and the sign-in form say nothing about a payment. */
const SAYS_NOTHING_WRONG: readonly string[] = ['checking', 'paid', 'sign-in', 'error']

/** Only what a member asked for after having been told counts: pages of two tabs may overtake each other. */
export function toldOtherwise(evidence: Evidence): string[] {
  return evidence.told.flatMap((first) => {
    if (first.state !== 'checking' && first.state !== 'paid') return []
    const ends = paymentsOf(evidence, first).map(({ state }) => state)
    if (ends.some((state) => !['captured', 'review', 'confirming'].includes(state))) return []
    return evidence.told
      .filter((later) => later.login === first.login && later.invoiceId === first.invoiceId && later.asked > first.had)
      .filter(({ state }) => state !== undefined && !SAYS_NOTHING_WRONG.includes(state))
      .map(
        ({ state, scene }) =>
          `${first.login} was told "${first.state ?? ''}" in ${scene} and then "${state ?? ''}", though the payment is ${ends.join(', ')}.`,
      )
  })
}

/** A checkout whose one form led to a payment that was never voided: whatever came as its answer had to say so. */
export function toldFailedTooEarly(evidence: Evidence): string[] {
  return inState(evidence, 'captured', 'review').flatMap((payment) => {
    const forms = evidence.consents.filter(({ checkoutId }) => checkoutId === payment.checkoutId)
    if (forms.length !== 1) return []
    return evidence.told
      .filter(
        ({ checkoutId, after, state }) =>
          checkoutId === payment.checkoutId && after === 'button' && state !== undefined && !SAYS_NOTHING_WRONG.includes(state),
      )
      .map(({ login, state }) => `${login} pressed the button of ${payment.id}, which is ${payment.state}, and was told "${state ?? ''}".`)
  })
}

/** A checkout on which nothing was paid is forgotten after a week, and a clock that jumps makes weeks pass. */
const isForgotten = ({ payments }: Evidence, { status, checkoutId }: Told): boolean =>
  status === 404 && !payments.some((payment) => payment.checkoutId === checkoutId)

export function wrongLastPages(evidence: Evidence): string[] {
  return evidence.told.flatMap((told) => {
    if (told.after !== 'end' || told.state === 'sign-in' || isForgotten(evidence, told)) return []
    const payments = paymentsOf(evidence, told)
    const binding = payments.find(({ state }) => ['confirming', 'review', 'captured'].includes(state))
    const right = binding
      ? told.state === (binding.state === 'captured' ? 'paid' : 'checking')
      : told.state !== 'paid' && told.state !== 'checking'
    return right || payments.some(({ state }) => state.startsWith('revers'))
      ? []
      : [
          `${told.login} reads "${told.state ?? String(told.status)}" in ${told.scene}; the payment is ${payments.map(({ state }) => state).join(', ') || 'none'}.`,
        ]
  })
}
