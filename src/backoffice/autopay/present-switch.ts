import { maySwitch, switchStamp } from '../../autopay'
import type { Organisation, SwitchState } from '../../autopay'
import type { StaffActor } from '../../shared/actor'
import { momentText, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import type { Mark } from '../table'

/** What `views/backoffice/partials/autopay-switch.ejs` prints: how automatic payment stands, and the brake. It belongs on every page of automatic payment. */
export interface SwitchView {
  readonly text: string
  readonly title?: string | undefined
  readonly mark: Mark
  /** Empty means all organisations that the reader sees. */
  readonly organisationId: string
  /** Where the buttons lead back to. */
  readonly back: string
  /** How all of them stand on this page: a brake that is pulled later is not released by it. */
  readonly seen: string
  readonly mayStop: boolean
  readonly mayTurnOn: boolean
  readonly mayTurnOff: boolean
}

export const SWITCH_MARKS: Readonly<Record<SwitchState, Mark>> = { on: 'good', off: 'off', stopped: 'bad' }

export interface SwitchPage {
  /** Those that the reader sees; one alone on the page of that organisation. */
  readonly organisations: readonly Organisation[]
  readonly staff: StaffActor
  /** The path of the page, without a query. */
  readonly back: string
  /** Named where the page is about one organisation. */
  readonly organisationId?: string
}

export function presentSwitch({ organisations, staff, back, organisationId }: SwitchPage, reader: Reader): SwitchView {
  const states = organisations.map(({ autopay }) => autopay.state)
  const someOn = states.includes('on')
  return {
    ...summary(organisations, reader),
    organisationId: organisationId ?? '',
    back,
    seen: switchStamp(organisations),
    mayStop: someOn && maySwitch(staff, 'stopped'),
    mayTurnOn: states.some((state) => state !== 'on') && maySwitch(staff, 'on'),
    mayTurnOff: states.some((state) => state !== 'off') && maySwitch(staff, 'off'),
  }
}

/** One state for all of them, or how many are on. */
function summary(organisations: readonly Organisation[], reader: Reader): Sentence & { readonly mark: Mark } {
  const { t } = reader
  const [first] = organisations
  if (!first) return { text: t('autopay.switch.none'), mark: 'off' }
  const { state } = first.autopay
  if (organisations.every(({ autopay }) => autopay.state === state))
    return {
      ...(organisations.length === 1 ? switchTold(first, reader) : { text: t(`autopay.switch.${state}`) }),
      mark: SWITCH_MARKS[state],
    }
  const on = organisations.filter(({ isOn }) => isOn).length
  return { text: t('autopay.switch.some', { on: String(on), all: String(organisations.length) }), mark: on > 0 ? 'wait' : 'off' }
}

/** How one organisation's switch stands, and since when. */
function switchTold({ autopay: { state, at } }: Organisation, reader: Reader): Sentence {
  const { t } = reader
  const text = t(`autopay.switch.${state}`)
  return at === null ? { text } : toldAt(`${text} ${t('autopay.switch.since', { at: momentText(at, reader) })}`, at)
}
