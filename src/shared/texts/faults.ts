import type { Refusal } from '../refusals'
import { faultsRu } from './backoffice/faults'
import { frameRu } from './backoffice/frame'
import type { TextKey, Translate } from './index'

const isNamed = (key: string): key is TextKey & `field.${string}` => Object.hasOwn(faultsRu, key) || Object.hasOwn(frameRu, key)

/** What a field of a form or a filter is called in the reader's language; one without a text keeps its own name. */
export function fieldName(name: string, t: Translate): string {
  const key = [`field.${name}`, `fact.${name}`].find(isNamed)
  return key === undefined ? name : (t as (key: string) => string)(key)
}

/** A filter as the form above its list calls it, where a field of that name elsewhere is called otherwise. */
export function filterName(name: string, t: Translate): string {
  const key = `filter.${name}`
  return isFilter(key) ? (t as (key: string) => string)(key) : fieldName(name, t)
}

const isFilter = (key: string): key is TextKey & `filter.${string}` => Object.hasOwn(faultsRu, key)

/** Fields that hold an amount, and so can say what one looks like. */
const AMOUNTS = ['points', 'roubles', 'amount', 'perPayment', 'perDay', 'perMonth', 'perInvoice', 'perPayee', 'price', 'least', 'most']

const isSaidToStaff = (key: string): key is TextKey & `fault.${string}` => Object.hasOwn(faultsRu, key)

/** A refusal for staff: the field at fault where there is one, and nothing about points of theirs. */
export function refusedText({ code, detail }: Refusal, t: Translate): string {
  if (code === 'bad_input' && detail !== undefined) return fieldsText(detail.split(', '), t)
  const key = `fault.${code}`
  return isSaidToStaff(key) ? (t as (key: string) => string)(key) : t(`refusal.${code}`)
}

function fieldsText(names: readonly string[], t: Translate): string {
  const known = names.filter((name) => fieldName(name, t) !== name)
  if (known.length === 0) return t('fault.bad_input')
  const field = [...new Set(known.map((name) => fieldName(name, t)))].join(', ')
  return t(known.every((name) => AMOUNTS.includes(name)) ? 'fault.amount' : 'fault.field', { field })
}
