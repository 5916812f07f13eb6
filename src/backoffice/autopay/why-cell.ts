import { whyText } from '../../autopay'
import type { Why, WhyReader } from '../../autopay'
import type { Sentence } from '../reader'

/** One line of «почему»; UTC of the moments that it tells shows when the pointer rests on it. */
export const whyCell = (why: Why | undefined, reader: WhyReader): Sentence =>
  why ? { text: whyText(why, reader), title: utcOf([why]) } : { text: '—' }

/** The moments that these lines tell, in UTC; undefined where they tell none. */
export function utcOf(why: readonly Why[]): string | undefined {
  const moments = why.flatMap(({ values }) => (values['at'] === undefined ? [] : [values['at']]))
  return moments.length === 0 ? undefined : moments.join(', ')
}
