import type { SentBefore } from '../approvals'
import type { Language, Translate } from '../shared/texts'
import { deedName } from './approvals/present'
import { factRows } from './facts'

/** What came of the form when it was sent before, so that nobody takes the one for the other. */
export function sentBeforeText(
  { earlier: { kind, cameTo, facts } }: SentBefore,
  reader: { readonly t: Translate; readonly language: Language },
): string {
  const set = factRows({ before: {}, after: facts }, reader).map(({ label, after }) => `${label}: ${after}`)
  return reader.t(`fault.sent_${cameTo}`, { deed: deedName(kind, reader.t), facts: set.length > 0 ? ` (${set.join('; ')})` : '' })
}
