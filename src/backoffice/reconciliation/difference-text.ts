import type { NotedDifference } from '../../reconciliation'
import { formatMoment } from '../../shared/texts/format'
import { knownText } from '../../shared/texts/known-text'
import { factText } from '../facts'
import { toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'

const STATUS = 'invoice.status.'

/** The difference as a sentence in the reader's language: amounts, states and moments as a person writes them. Whatever a fact does not tell is a dash. */
export function differenceTold({ kind, facts, firstSeen }: NotedDifference, reader: Reader): Sentence {
  const { t, language, zone } = reader
  const told = (value: string | undefined): string => {
    if (value === undefined || value === '') return '—'
    return knownText(t, `${STATUS}${value}`) ?? factText(value, reader, 'state')
  }
  const moment = facts.at === undefined ? firstSeen : new Date(facts.at)
  const at = formatMoment(moment, language, zone)
  const text = (t as (key: string, values: Record<string, string>) => string)(`difference.${kind}`, {
    number: facts.number ?? '—',
    amount: told(facts.amount),
    here: told(facts.here),
    there: told(facts.there),
    points: told(facts.points),
    state: told(facts.state),
    operation: facts.operation || '—',
    at,
  })
  return text.includes(at) ? toldAt(text, moment) : { text }
}
