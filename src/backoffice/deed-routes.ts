import { z } from 'zod'
import type { Approvals, Deed, DoneAlone, Payload } from '../approvals'
import type { RouteContext } from '../http'
import type { StaffActor } from '../shared/actor'
import { newId } from '../shared/ids'
import { filedReason, REASON_KINDS } from '../shared/reasons'
import type { ReasonKind } from '../shared/reasons'
import { formatMoney } from '../shared/texts/format'
import { factRows } from './facts'
import { frameOf } from './frame'
import type { Section } from './frame'

/** The fields that every form of a deed has besides its own. Without `confirmed` the form only asks what would change. */
export const DEED_FIELDS = {
  reasonKind: z.enum(REASON_KINDS).optional(),
  reason: z.string().trim().min(1).max(400),
  confirmed: z.literal('yes').optional(),
  key: z.uuid().optional(),
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
  /** Where the form came from; afterwards it says what was done. */
  readonly back: string
}

interface DeedBody {
  readonly reasonKind?: ReasonKind | undefined
  readonly reason: string
  readonly confirmed?: 'yes' | undefined
  readonly key?: string | undefined
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
  const { confirmed, key, reasonKind, reason } = context.input.body
  if (confirmed === undefined || key === undefined) return showPreview(context, approvals, form)
  const filed = { payload: form.payload, author: context.staff, reason: filedReason(reasonKind, reason), key }
  const { state } = await approvals.submit(form.deed, filed)
  context.redirect(`${form.back}${form.back.includes('?') ? '&' : '?'}done=${state}`)
}

async function showPreview<P extends Payload, R>(context: Context, approvals: Approvals, form: DeedForm<P, R>): Promise<void> {
  const { reasonKind, reason } = context.input.body
  const preview = await approvals.look(form.deed, form.payload, context.staff)
  const fields = Object.entries({ ...form.fields, ...(reasonKind && { reasonKind }), reason, key: newId(), confirmed: 'yes' })
  context.page('backoffice/confirm', {
    frame: frameOf(context, form.section),
    what: form.what,
    facts: factRows(preview, context),
    reason,
    second: preview.needsSecond,
    alone: preview.alone ? aloneText(preview.alone, context) : null,
    action: form.action,
    fields,
    back: form.back,
  })
}

/** What the reader has done alone lately counts with this: they see how much of it is left. */
const aloneText = ({ done, most }: DoneAlone, { t, language }: Context): string =>
  t('confirm.alone', { done: formatMoney(done, language), most: formatMoney(most, language) })
