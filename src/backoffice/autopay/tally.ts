import type { RefusalCode } from '../../shared/refusals'
import type { Translate } from '../../shared/texts'

/** What an approval of many came to. */
export interface Tally {
  done: number
  waiting: number
  /** How many were refused, by why. */
  readonly failed: Map<Failure, number>
}

/** Why one of many was not approved, as far as there are words of its own for it. */
const FAILURES = ['amount_changed', 'already_signed', 'let_in_by_maker', 'request_not_open', 'forbidden', 'else'] as const
type Failure = (typeof FAILURES)[number]

export const emptyTally = (): Tally => ({ done: 0, waiting: 0, failed: new Map() })

export function countFailure({ failed }: Tally, code: RefusalCode): void {
  const failure = FAILURES.find((name) => name === code) ?? 'else'
  failed.set(failure, (failed.get(failure) ?? 0) + 1)
}

const NUMBER = '\\d{1,3}'
const SHAPE = new RegExp(`^(${NUMBER})-(${NUMBER})((?:-(?:${FAILURES.join('|')})\\.${NUMBER})*)$`)

/** In an address: `2-1-amount_changed.3`. */
export const tallyInAddress = ({ done, waiting, failed }: Tally): string =>
  [done, waiting, ...[...failed].map(([failure, count]) => `${failure}.${count}`)].join('-')

/** As a sentence; null where the address says nothing of the kind. */
export function tallyText(address: string | undefined, t: Translate): string | null {
  const [, done, waiting, list] = SHAPE.exec(address ?? '') ?? []
  if (done === undefined || waiting === undefined) return null
  const failures = (list ?? '').split('-').flatMap((part) => {
    const [name, count = '0'] = part.split('.')
    const failure = FAILURES.find((one) => one === name)
    return failure === undefined ? [] : [{ failure, count }]
  })
  const sum = failures.reduce((total, { count }) => total + Number(count), 0)
  const why = failures.map(({ failure, count }) => t(`autopay.approve.failed_${failure}`, { count }))
  return t('autopay.approve.done', { done, waiting, failed: why.length === 0 ? String(sum) : `${sum} (${why.join(', ')})` })
}
