import { looksLikeId } from '../shared/ids'
import type { OfficeFault } from '../shared/office-fault'
import { LONGEST_REASON } from '../shared/reasons'
import { fieldName, refusedText } from '../shared/texts/faults'
import type { Translate } from '../shared/texts'
import { frameOf, sectionAt } from './frame'
import { refusedView } from './refused-form'
import type { RefusedView } from './refused-form'

/** What staff see of an error: inside the frame of the office, with the field at fault and a way back to where they came from; of a form, with what was typed. */
export function officeError(fault: OfficeFault): { view: string; model: object } {
  const { staff, t, refusal, heading, path, from } = fault
  const section = sectionAt(path)
  const home = section?.href ?? '/admin'
  const frame = frameOf({ staff, t }, section?.name)
  const text = refusal ? refusedText(refusal, t) : t('error.unexpected')
  const backHref = backFrom(path, from, home)
  const form = refusedForm(fault, { text, back: backFrom(path, from ?? path, home) ?? home })
  if (form) return { view: 'backoffice/refused', model: { frame, ...form, autopay: null } }
  return { view: 'backoffice/error', model: { frame, heading, text, backHref } }
}

/** Fields that are typed by hand, wherever they stand: a form that comes back shows them. What else it brought goes with it unseen. */
const TYPED = ['points', 'roubles', 'amount', 'perPayment', 'perDay', 'perMonth', 'transactionId', 'login', 'email', 'contacts', 'remark']

/** The reason has fields of its own. Where a form was at its second step, what has changed since is looked at once more. */
const APART = ['reason', 'reasonKind', 'confirmed', 'again']

/** The form that was sent, to be mended; null where nobody could mend it by hand, such as one with a field that we do not know. */
function refusedForm({ t, refusal, path, form }: OfficeFault, { text, back }: { text: string; back: string }): RefusedView | null {
  const faulty = refusal?.detail?.split(', ') ?? []
  if (!form || faulty.length === 0 || faulty.some((name) => fieldName(name, t) === name)) return null
  const kind = form.find(([name]) => name === 'reasonKind')?.[1]
  const reason = form.find(([name]) => name === 'reason')?.[1] ?? ''
  const isConfirmed = form.some(([name]) => name === 'confirmed')
  const own = form.filter(([name]) => !APART.includes(name) && !(isConfirmed && name === 'key'))
  return refusedView(
    {
      what: null,
      text: [text, ...tooLong(reason, t)].join(' '),
      action: path,
      own,
      typed: [...TYPED, ...faulty],
      faulty,
      reason: { kind: kind ?? '', text: reason },
      hasKind: kind !== undefined,
      back,
      mayEdit: false,
    },
    t,
  )
}

const tooLong = ({ length }: string, t: Translate): string[] =>
  length > LONGEST_REASON ? [t('fault.reason_long', { length: String(length), most: String(LONGEST_REASON) })] : []

/** The second step of a form stands at an address that takes forms alone: from there the way back is to what the form is about, or else to its section. */
function backFrom(path: string, from: string | null, section: string): string | null {
  if (from === null || from.split('?')[0] !== path) return from
  const above = path.split('/').slice(0, -1)
  if (looksLikeId(above.at(-1))) return above.join('/')
  return section === path ? null : section
}
