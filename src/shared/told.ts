import { toldEn } from './texts/told'
import type { TextValues, Translate } from './texts'

export type Told = keyof typeof toldEn

type Values<Key extends Told> = keyof TextValues<Key> extends never ? [] : [values: TextValues<Key>]

/** A sentence to be stored, in English. Its key and values are found again by `readTold`. */
export const tell = <Key extends Told>(key: Key, ...values: Values<Key>): string =>
  toldEn[key].replace(PLACEHOLDER, (_, name: string) => (values[0] as Readonly<Record<string, string>> | undefined)?.[name] ?? '')

const PLACEHOLDER = /\{\{(\w+)\}\}/g

interface Pattern {
  readonly key: Told
  readonly names: readonly string[]
  readonly form: RegExp
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function patternOf([key, text]: [string, string]): Pattern {
  const pieces = text.split(PLACEHOLDER)
  const form = pieces.map((piece, index) => (index % 2 === 0 ? literal(piece) : '([^]*?)')).join('')
  return { key: key as Told, names: pieces.filter((_, index) => index % 2 === 1), form: new RegExp(`^${form}$`) }
}

/** Those that say most in words of their own first: a sentence that fits two is the closer one. */
const PATTERNS: readonly Pattern[] = Object.entries(toldEn)
  .sort(([, a], [, b]) => b.replace(PLACEHOLDER, '').length - a.replace(PLACEHOLDER, '').length)
  .map(patternOf)

/** The key and the values of a sentence that was stored; undefined for one that is not in the table, such as a person's own words. */
export function understandTold(sentence: string): { readonly key: Told; readonly values: Readonly<Record<string, string>> } | undefined {
  for (const { key, names, form } of PATTERNS) {
    const found = form.exec(sentence)
    if (found) return { key, values: Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ''])) }
  }
  return undefined
}

/**
 * A stored sentence in the reader's language, and so are sentences within it. What is not in the table stays as it was stored.
 * @param say how a value reads that is no sentence, such as a moment; it is told the value's name too
 */
export function readTold(sentence: string, t: Translate, say: (value: string, name: string) => string = (value) => value): string {
  const told = understandTold(sentence)
  if (!told) return sentence
  const values = Object.entries(told.values).map(([name, value]) => [
    name,
    understandTold(value) ? readTold(value, t, say) : say(value, name),
  ])
  return (t as (key: string, values: Readonly<Record<string, string>>) => string)(
    told.key,
    Object.fromEntries(values) as Record<string, string>,
  )
}
