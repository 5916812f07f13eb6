/** Text from outside, made fit to be stored, shown and logged. */

/** Control signs (PostgreSQL refuses a NUL) and the signs that turn the direction of writing, which make text read as something else. */
// eslint-disable-next-line no-control-regex -- these signs are what the rule is about
const UNFIT = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/g

const EMAIL = /[^\s@<>"',;:()]{1,100}@[^\s@<>"',;:()]{1,200}/g
/** Ten digits or more with the signs people put between them; a UUID in a sentence may fall to it, a phone number may not escape. */
const PHONE = /\+?\d(?:[ ().-]{0,3}\d){9,19}/g
const BEARER = /\bbearer\s+\S+/gi

export const HIDDEN = '[hidden]'

/** One line without signs that could harm a database, a terminal or a reader, at most `limit` characters long. */
export function cleanText(text: string, limit: number): string {
  // Longer text is cut before the search: an endless text costs no more than a long one.
  const line = text
    .slice(0, limit * 2)
    .replace(UNFIT, ' ')
    .trim()
  // Cutting may halve a pair of surrogates; the round trip turns a lone half into U+FFFD.
  return Buffer.from(line.slice(0, limit), 'utf8').toString('utf8')
}

/** Clean text in which e-mail addresses, phone numbers and bearer tokens are hidden (invariant 26). */
export function maskText(text: string, limit: number): string {
  const line = cleanText(text, limit * 2)
  return line.replace(BEARER, HIDDEN).replace(EMAIL, HIDDEN).replace(PHONE, HIDDEN).slice(0, limit)
}
