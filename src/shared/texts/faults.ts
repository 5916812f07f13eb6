import type { Refusal } from '../refusals'
import type { Translate } from './index'
import { knownText } from './known-text'

/** What a field of a form or a filter is called in the reader's language; one without a text keeps its own name. */
export const fieldName = (name: string, t: Translate): string => knownText(t, `field.${name}`, `fact.${name}`) ?? name

/** A filter as the form above its list calls it, where a field of that name elsewhere is called otherwise. */
export const filterName = (name: string, t: Translate): string => knownText(t, `filter.${name}`) ?? fieldName(name, t)

/** Fields that hold an amount, and so can say what one looks like. */
const AMOUNTS = ['points', 'roubles', 'amount', 'perPayment', 'perDay', 'perMonth', 'perInvoice', 'perPayee', 'price', 'least', 'most']

/** A refusal for staff: the field at fault where there is one, and nothing about points of theirs. */
export function refusedText({ code, detail }: Refusal, t: Translate): string {
  if (code === 'bad_input' && detail !== undefined) return fieldsText(detail.split(', '), t)
  return knownText(t, `fault.${code}`) ?? t(`refusal.${code}`)
}

function fieldsText(names: readonly string[], t: Translate): string {
  const known = names.filter((name) => fieldName(name, t) !== name)
  if (known.length === 0) return t('fault.bad_input')
  const field = [...new Set(known.map((name) => fieldName(name, t)))].join(', ')
  return t(known.every((name) => AMOUNTS.includes(name)) ? 'fault.amount' : 'fault.field', { field })
}
