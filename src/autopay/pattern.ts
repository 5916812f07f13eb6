/** As two texts are compared: in one spelling of letters, without regard to case, `ё` as `е`, runs of blanks as one blank. */
export function foldText(text: string): string {
  const known = folded.get(text)
  if (known !== undefined) return known
  const folding = text.normalize('NFKC').toLowerCase().replaceAll('ё', 'е').replace(/\s+/g, ' ').trim()
  if (folded.size >= MOST_KEPT) folded.clear()
  if (text.length <= LONGEST_KEPT) folded.set(text, folding)
  return folding
}

/** A plan of ten thousand invoices compares the same few patterns and texts hundreds of thousands of times. Some megabytes at most. */
const folded = new Map<string, string>()
const MOST_KEPT = 20_000
const LONGEST_KEPT = 250

/** How a pattern without `*` is meant. */
export type PlainMeaning = 'contains' | 'equals'

/**
 * Whether a text fits a pattern. The one sign with a meaning is `*`, which stands for any text, none included; a pattern with it must fit the whole text.
 * Each piece between the stars is sought once and to the right of the one before it, so that no pattern makes this slow; a regular expression from a form could (ADR 0018).
 */
export function fitsPattern(pattern: string, text: string, plain: PlainMeaning): boolean {
  const [wanted, given] = [foldText(pattern), foldText(text)]
  if (!wanted.includes('*')) return plain === 'equals' ? given === wanted : given.includes(wanted)
  return fitsPieces(wanted.split('*'), given)
}

function fitsPieces(pieces: readonly string[], text: string): boolean {
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)]
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false
  let from = first.length
  const end = text.length - last.length
  for (const piece of pieces.slice(1, -1)) {
    // The leftmost place leaves most of the text for the pieces to come, so it never has to be taken back.
    const at = text.indexOf(piece, from)
    if (at === -1 || at + piece.length > end) return false
    from = at + piece.length
  }
  return true
}
