import type { StaffActor } from './actor'
import type { Refusal } from './refusals'
import type { Translate } from './texts'

/** What went wrong for somebody of the staff, for their own error page. */
export interface OfficeFault {
  readonly staff: StaffActor
  readonly t: Translate
  /** None where it is a bug of ours. */
  readonly refusal: Refusal | undefined
  readonly heading: string
  /** The path that was asked for, and the one with the link or form that led there, with its query; null where that is not known or not of the office. */
  readonly path: string
  readonly from: string | null
  /** What a form brought that says why something is to be changed, as it came: null for anything else, and for a form with a file or a secret. */
  readonly form: readonly (readonly [name: string, value: string])[] | null
}
