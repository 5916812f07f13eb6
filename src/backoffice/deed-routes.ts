import { z } from 'zod'
import { SentBefore } from '../approvals'
import type { Approvals, Deed, DoneAlone, Payload, Submitted } from '../approvals'
import type { RouteContext } from '../http'
import type { StaffActor } from '../shared/actor'
import { DAY } from '../shared/clock'
import { newId } from '../shared/ids'
import { Refusal, REFUSALS } from '../shared/refusals'
import { LONGEST_REASON, filedReason, readReason, REASON_KINDS } from '../shared/reasons'
import type { ReasonKind } from '../shared/reasons'
import { refusedText } from '../shared/texts/faults'
import { formatMoney } from '../shared/texts/format'
import { factRows } from './facts'
import { sentBeforeText } from './sent-before'
import { frameOf } from './frame'
import type { Section } from './frame'
import type { SwitchView } from './autopay/present-switch'
import { refusedView } from './refused-form'
import type { KeptReason } from './refused-form'
import { waitingRows } from './waiting'

/** The fields that every form of a deed has besides its own. Without `confirmed` the form only asks what would change. */
export const DEED_FIELDS = {
  reasonKind: z.enum(REASON_KINDS).optional(),
  reason: z.string().trim().min(1).max(LONGEST_REASON),
  confirmed: z.literal('yes').optional(),
  key: z.uuid().optional(),
  /** The way back from the second step to a form that keeps what was typed. */
  again: z.literal('yes').optional(),
}

export interface DeedForm<P extends Payload, R> {
  readonly section: Section
  readonly deed: Deed<P, R>
  readonly payload: P
  /** A sentence that says what is about to be done, in the reader's language. */
  readonly what: string
  /** The path of this form, and its own fields as they were typed, which the second step sends again. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** Those of the fields that are typed by hand: a form that is refused comes back with them. */
  readonly typed?: readonly string[]
  /** Where the form came from; afterwards it says what was done. */
  readonly back: string
  /** Shows the form again with what was typed. Without it the way back is a link to `back`, which must be there before the deed is done. */
  readonly edit?: () => Promise<void>
  /** The emergency brake of automatic payment, which stands on each of its pages. */
  readonly autopay?: SwitchView
}

export const keptReason = ({ reasonKind, reason }: Pick<DeedBody, 'reasonKind' | 'reason'>): KeptReason => ({
  kind: reasonKind ?? '',
  text: reason,
})

interface DeedBody {
  readonly reasonKind?: ReasonKind | undefined
  readonly reason: string
  readonly confirmed?: 'yes' | undefined
  readonly key?: string | undefined
  readonly again?: 'yes' | undefined
}

type Context = Pick<RouteContext, 'page' | 'redirect' | 't' | 'language'> & {
  readonly staff: StaffActor
  readonly input: { readonly body: DeedBody }
}

/**
 * Two steps of every change: first the page shows what would change, before and after; sent again with `confirmed` and the key that the page drew, it is done,
 * or a request for a second person is stored. The key makes the second step safe to send twice.
 */
export async function answerDeed<P extends Payload, R>(context: Context, approvals: Approvals, form: DeedForm<P, R>): Promise<void> {
  const { confirmed, key, again } = context.input.body
  if (again !== undefined && form.edit) return form.edit()
  const isFirst = confirmed === undefined || key === undefined
  const step = isFirst ? showPreview(context, approvals, form) : carryOut(context, approvals, form, key)
  await step.catch((error: unknown) => showRefused(context, form, error))
}

async function carryOut<P extends Payload, R>(context: Context, approvals: Approvals, form: DeedForm<P, R>, key: string): Promise<void> {
  const { reasonKind, reason } = context.input.body
  const filed = { payload: form.payload, author: context.staff, reason: filedReason(reasonKind, reason), key }
  const state = await approvals.submit(form.deed, filed).then(cameTo, busyOr)
  if (state === 'busy') return showPreview(context, approvals, form, key)
  context.redirect(`${form.back}${form.back.includes('?') ? '&' : '?'}done=${state}`)
}

/** A form that is sent again says what came of its request by now. */
const cameTo = (submitted: Submitted<unknown>): 'done' | 'waiting' =>
  submitted.state === 'done' || submitted.request.outcome === 'done' ? 'done' : 'waiting'

/** Others change the same at this moment: what was typed stays on the page, under the key it had. */
function busyOr(error: unknown): 'busy' {
  if (error instanceof Refusal && error.code === 'overloaded') return 'busy'
  throw error
}

/** @param key of the form that came while others were at it; without it this is its first step */
async function showPreview<P extends Payload, R>(
  context: Context,
  approvals: Approvals,
  form: DeedForm<P, R>,
  key?: string,
): Promise<void> {
  const { reasonKind, reason } = context.input.body
  const preview = await approvals.look(form.deed, form.payload, context.staff)
  const fields = Object.entries({ ...form.fields, ...(reasonKind && { reasonKind }), reason, key: key ?? newId(), confirmed: 'yes' })
  const model = {
    frame: frameOf(context, form.section),
    what: form.what,
    facts: factRows(preview, context),
    reason: readReason(filedReason(reasonKind, reason), context.t),
    second: preview.needsSecond ? context.t(preview.isAlwaysForTwo ? 'confirm.second_always' : 'confirm.second') : null,
    waiting: await waitingRows(context, approvals, preview.subject),
    alone: preview.alone ? aloneText(preview.alone, context) : null,
    action: form.action,
    fields,
    back: form.back,
    mayEdit: form.edit !== undefined,
    autopay: form.autopay ?? null,
    busy: key !== undefined,
  }
  context.page('backoffice/confirm', model, key === undefined ? 200 : REFUSALS.overloaded)
}

/** Refusals that no other entry in the form would mend. */
const FINAL: readonly string[] = ['forbidden', 'not_found', 'sign_in_required', 'overloaded', 'too_many_requests']

/** The form once more, with what was typed and why it will not do. Whoever shows a form of their own again says themselves which of its fields is wrong. */
function showRefused<P extends Payload, R>(context: Context, form: DeedForm<P, R>, error: unknown): void {
  if (!(error instanceof Refusal) || FINAL.includes(error.code) || (form.edit && error.code === 'bad_input')) throw error
  const { what, action, fields, typed = [], back, edit, autopay = null } = form
  const sent = {
    what,
    text: error instanceof SentBefore ? sentBeforeText(error, context) : refusedText(error, context.t),
    action,
    own: Object.entries(fields),
    typed,
    faulty: error.code === 'bad_input' ? (error.detail?.split(', ') ?? []) : [],
    reason: keptReason(context.input.body),
    hasKind: context.input.body.reasonKind !== undefined,
    back,
    mayEdit: edit !== undefined,
  }
  const view = refusedView(sent, context.t)
  context.page('backoffice/refused', { frame: frameOf(context, form.section), ...view, autopay }, error.status)
}

/** What the reader has done alone lately counts with this: they see how much of it is left. */
function aloneText({ done, most, forMs }: DoneAlone, { t, language }: Context): string {
  const amounts = { done: formatMoney(done, language), most: formatMoney(most, language) }
  return forMs > DAY ? t('confirm.alone_days', { ...amounts, days: String(Math.round(forMs / DAY)) }) : t('confirm.alone', amounts)
}
