import { organisationsOf } from '../../autopay'
import type { Organisation } from '../../autopay'
import type { StaffActor } from '../../shared/actor'
import type { Db } from '../../shared/database'
import type { Language, TextKey, Translate } from '../../shared/texts'
import { frameOf } from '../frame'
import type { Frame } from '../frame'
import { AUTOPAY, ORGANISATIONS, RULES } from './paths'
import { presentSwitch } from './present-switch'
import type { SwitchView } from './present-switch'

export const QUEUE = `${AUTOPAY}/queue`
export const INVOICES = `${AUTOPAY}/invoices`
export const PLAN = `${AUTOPAY}/plan`
export const RUNS = `${AUTOPAY}/runs`
export const REPORT = `${AUTOPAY}/report`
export const TURNS = `${AUTOPAY}/turns`

const PARTS = [
  { name: 'overview', href: AUTOPAY, text: 'autopay.nav.overview' },
  { name: 'queues', href: `${QUEUE}/mine`, text: 'autopay.nav.queues' },
  { name: 'plan', href: PLAN, text: 'autopay.nav.plan' },
  { name: 'runs', href: RUNS, text: 'autopay.nav.runs' },
  { name: 'report', href: REPORT, text: 'autopay.nav.report' },
  { name: 'rules', href: RULES, text: 'autopay.nav.rules' },
  { name: 'organisations', href: ORGANISATIONS, text: 'autopay.nav.organisations' },
  { name: 'turns', href: TURNS, text: 'autopay.nav.turns' },
] as const satisfies readonly { name: string; href: string; text: TextKey }[]

export type Part = (typeof PARTS)[number]['name']

export interface PartLink {
  readonly href: string
  readonly text: string
  readonly current: boolean
}

/** The parts of automatic payment, as links above each of its pages. */
export const partLinks = (t: Translate, part: Part): PartLink[] =>
  PARTS.map(({ name, href, text }) => ({ href, text: t(text), current: name === part }))

/** What stands on every page of automatic payment: the frame, the switch, the links to its parts. */
export interface Desk {
  readonly frame: Frame
  readonly autopay: SwitchView
  readonly parts: readonly PartLink[]
}

interface Visit {
  readonly staff: StaffActor
  readonly t: Translate
  readonly language: Language
}

/** The organisations that the reader may know of, and what stands around the page. @param back the path of the page, without a query */
export async function deskOf(
  visit: Visit,
  of: { db: Db; zone: string; part: Part; back: string; done?: string | undefined },
): Promise<{ organisations: Organisation[]; desk: Desk }> {
  const organisations = await organisationsOf(of.db, visit.staff)
  const autopay = presentSwitch({ organisations, staff: visit.staff, back: of.back }, { ...visit, zone: of.zone })
  return { organisations, desk: { frame: frameOf(visit, 'autopay', of.done), autopay, parts: partLinks(visit.t, of.part) } }
}
