import type { Translate } from '../shared/texts'
import { fieldName } from '../shared/texts/faults'

/** What was given as a reason, for a form that comes back. */
export interface KeptReason {
  readonly kind: string
  readonly text: string
}

/** A form that will not do as it was sent. */
export interface SentForm {
  /** What was about to be done, where that is known. */
  readonly what: string | null
  /** Why it will not do. */
  readonly text: string
  readonly action: string
  /** Its own fields, without those of the reason. */
  readonly own: readonly (readonly [name: string, value: string])[]
  /** Those that are typed by hand, and those at fault. */
  readonly typed: readonly string[]
  readonly faulty: readonly string[]
  readonly reason: KeptReason
  readonly hasKind: boolean
  readonly back: string
  readonly mayEdit: boolean
}

interface TypedField {
  readonly name: string
  readonly label: string
  readonly value: string
  readonly isLong: boolean
  readonly isFaulty: boolean
}

/** What `views/backoffice/refused.ejs` prints. */
export interface RefusedView extends Omit<SentForm, 'own' | 'typed' | 'faulty'> {
  readonly typed: readonly TypedField[]
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly isReasonFaulty: boolean
  /** The first field at fault, where whoever sent the form goes on; null where the sentence that says why is all there is. */
  readonly focus: string | null
}

/** A text of several lines, or one that no line would show. */
const LONG = /\n|.{80}/

/** A form with what was typed, the field at fault marked, and the rest kept unseen. */
export function refusedView({ own, typed, faulty, ...form }: SentForm, t: Translate): RefusedView {
  const isSeen = ([name]: readonly [string, string]): boolean => typed.includes(name)
  const seen = own.filter(isSeen).map(([name]) => name)
  return {
    ...form,
    typed: own.filter(isSeen).map(([name, value]) => ({
      name,
      label: fieldName(name, t),
      value,
      isLong: LONG.test(value),
      isFaulty: faulty.includes(name),
    })),
    fields: own.filter((field) => !isSeen(field)),
    isReasonFaulty: faulty.includes('reason'),
    focus: [...seen, 'reason'].find((name) => faulty.includes(name)) ?? null,
  }
}
