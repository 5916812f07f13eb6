import { createInstance } from 'i18next'
import { en } from './en'
import { ru } from './ru'

export const LANGUAGES = ['ru', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

export const isLanguage = (text: unknown): text is Language => LANGUAGES.includes(text as Language)

type PluralForm = 'one' | 'few' | 'many' | 'other'
type WithoutForm<Key> = Key extends `${infer Base}_${PluralForm}` ? Base : Key
type Forms<Base extends string> = Extract<keyof typeof ru, Base | `${Base}_${PluralForm}`>
type Placeholders<Text> = Text extends `${string}{{${infer Name}}}${infer Rest}` ? Name | Placeholders<Rest> : never
type HasForms<Key extends string> = `${Key}_one` extends keyof typeof ru ? 'count' : never

/** Every text that can be asked for; the plural forms of one text share its name. */
export type TextKey = WithoutForm<keyof typeof ru>

/** What a text must be given: its `{{placeholders}}` as ready text, and `count` when it has plural forms. */
export type TextValues<Key extends TextKey> = Record<Placeholders<(typeof ru)[Forms<Key>]>, string> & Record<HasForms<Key>, number>

type ValuesArgument<Key extends TextKey> = keyof TextValues<Key> extends never ? [] : [values: TextValues<Key>]

/** Gives the text of a key in one language. An unknown key or a missing value does not compile. */
export type Translate = <Key extends TextKey>(key: Key, ...values: ValuesArgument<Key>) => string

export interface Texts {
  translator(language: Language): Translate
}

/** The texts of both languages. Values are put in as they are: the views escape them. */
export function createTexts(): Texts {
  const i18n = createInstance({
    lng: 'ru',
    fallbackLng: false,
    initAsync: false,
    resources: { ru: { translation: ru }, en: { translation: en } },
    // Keys are flat and values are never read as templates, so a name with `$t(` or `{{` in it stays what it is.
    keySeparator: false,
    nsSeparator: false,
    interpolation: { escapeValue: false, skipOnVariables: true },
  })
  void i18n.init()
  const translators = { ru: remembering('ru', i18n.getFixedT('ru') as Lookup), en: remembering('en', i18n.getFixedT('en') as Lookup) }
  return { translator: (language) => translators[language] }
}

type Lookup = (key: string, values?: Readonly<Record<string, unknown>>) => string

/** Stands around the name of a value in a text that was found. No text of ours has it. */
const MARK = '\u0000'

/**
 * Finding a text costs more than printing it, so each is found once, for each plural form that it has, and kept in pieces: what is said always, then the name of a value,
 * and so on in turns.
 */
function remembering(language: Language, find: Lookup): Lookup {
  const kept = new Map<string, readonly string[]>()
  const plurals = new Intl.PluralRules(language)
  return (key, values: Readonly<Record<string, unknown>> = NONE) => {
    const { count } = values
    const name = typeof count === 'number' ? `${key} ${plurals.select(count)}` : key
    const known = kept.get(name)
    if (known) return putTogether(known, values)
    const pieces = find(key, { ...marked(values), ...(typeof count === 'number' ? { count } : {}) }).split(MARK)
    kept.set(name, pieces)
    return putTogether(pieces, values)
  }
}

const NONE: Readonly<Record<string, unknown>> = {}

const marked = (values: object): object => Object.fromEntries(Object.keys(values).map((name) => [name, `${MARK}${name}${MARK}`]))

function putTogether(pieces: readonly string[], values: Readonly<Record<string, unknown>>): string {
  let text = pieces[0] ?? ''
  for (let at = 1; at < pieces.length; at += 2) text += String(values[pieces[at] ?? '']) + (pieces[at + 1] ?? '')
  return text
}
