import { looksLikeId } from '../shared/ids'
import type { OfficeFault } from '../shared/office-fault'
import { refusedText } from '../shared/texts/faults'
import { frameOf, sectionAt } from './frame'

/** What staff see of an error: inside the frame of the office, with the field at fault and a way back to where they came from. */
export function officeError({ staff, t, refusal, heading, path, from }: OfficeFault): { view: string; model: object } {
  const section = sectionAt(path)
  return {
    view: 'backoffice/error',
    model: {
      frame: frameOf({ staff, t }, section.name),
      heading,
      text: refusal ? refusedText(refusal, t) : t('error.unexpected'),
      backHref: backFrom(path, from, section.href),
    },
  }
}

/** The second step of a form stands at an address that takes forms alone: from there the way back is to what the form is about, or else to its section. */
function backFrom(path: string, from: string | null, section: string): string | null {
  if (from === null || from.split('?')[0] !== path) return from
  const above = path.split('/').slice(0, -1)
  if (looksLikeId(above.at(-1))) return above.join('/')
  return section === path ? null : section
}
