import type { Translate } from './index'
import { ru } from './ru'

/**
 * The text of the first of these keys that there is. For keys that are made of a word which is stored or typed: another version may have written one that this one has no text for.
 * Only for texts without values.
 * @returns undefined where none of them is a text
 */
export function knownText(t: Translate, ...keys: readonly string[]): string | undefined {
  const key = keys.find((one) => Object.hasOwn(ru, one))
  return key === undefined ? undefined : (t as (key: string) => string)(key)
}
