import { z } from 'zod'
import { amountText as roublesText } from '../../approvals'
import {
  knownOrganisations,
  nextStepOf,
  openSignatures,
  readHistory,
  refuseInvoice,
  requireInvoice,
  requireOrganisation,
  signerOf,
  signingOf,
  whyNoSigning,
} from '../../autopay'
import type { InvoicePayload, KeptInvoice, Organisation } from '../../autopay'
import type { Deed } from '../../approvals'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { filedReason } from '../../shared/reasons'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf, INVOICES } from './desk'
import { presentInvoice } from './present-invoice'
import { amountText, numberText } from './present-queue'

const PARAMS = z.object({ id: z.string().refine(looksLikeId) })
const ROUBLES = roublesText('RUB') as z.ZodType<string, string>

/** The doors of one invoice. */
export const invoiceRoutes = (deps: AutopayPagesDeps): Route[] => [
  showInvoice(deps),
  decideBy(deps, 'approve'),
  decideBy(deps, 'release'),
  refuse(deps),
]

const showInvoice = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${INVOICES}/:id`,
    policy: staffWith('autopay.read'),
    summary: "Shows an organisation's invoice: what was decided and why, who signed, its payment.",
    input: { params: PARAMS, query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const { staff, input } = context
      const invoice = await requireInvoice(db, staff, input.params.id)
      const { desk } = await deskOf(context, { db, zone, part: 'queues', back: `${INVOICES}/${invoice.id}`, done: input.query.done })
      const organisation = await requireOrganisation(db, staff, invoice.organisationId)
      const history = await readHistory(db, invoice, { isWhole: (await knownOrganisations(db, staff)) === undefined })
      const { sign, whyNot } = await signingNow({ db, clock }, staff, organisation, invoice)
      const rights = {
        sign,
        judge: may(staff, 'autopay.approve'),
        payments: may(staff, 'payments.read'),
        rules: may(staff, 'autopay.rules'),
      }
      const view = { invoice, organisation, history, logins: await staffLogins(db), may: rights, whyNot }
      context.page('backoffice/autopay-invoice', { ...desk, ...presentInvoice(view, { ...context, zone }), refuseKey: newId() })
    },
  })

/** Whether this person may sign now, and if not, why, where it would be their turn. */
async function signingNow(
  { db, clock }: Pick<AutopayPagesDeps, 'db' | 'clock'>,
  staff: StaffActor,
  organisation: Organisation,
  { id, queue, amount }: KeptInvoice,
): Promise<{ readonly sign: boolean; readonly whyNot?: ReturnType<typeof whyNoSigning> }> {
  if (queue !== 'ask' || amount === null) return { sign: false }
  const signed = await openSignatures(db, [id], clock.now())
  const step = nextStepOf(organisation, amount.minor, signed)
  if (step === undefined) return { sign: false }
  const signer = await signerOf(db, staff, clock.now())
  return { sign: signingOf(signer, step, signed) !== undefined, whyNot: whyNoSigning(signer, step, signed) }
}

const decideBy = ({ db, approvals, deeds }: AutopayPagesDeps, name: 'approve' | 'release'): Route =>
  defineRoute({
    method: 'post',
    path: `${INVOICES}/:id/${name}`,
    policy: staffWith('autopay.approve'),
    summary: name === 'approve' ? 'Signs the step of an invoice whose turn it is.' : 'Lets an invoice go on that stood under Exceptions.',
    input: { params: PARAMS, body: z.object({ roubles: ROUBLES, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { roubles } = context.input.body
      const invoice = await requireInvoice(db, context.staff, context.input.params.id)
      const deed: Deed<InvoicePayload, void> = deeds.invoices[name]
      const words = { number: numberText(invoice), amount: amountText(invoice.amount, context) }
      await answerDeed(context, approvals, {
        section: 'autopay',
        deed,
        payload: { invoice: invoice.id, roubles },
        what: context.t(name === 'approve' ? 'autopay.invoice.approve_what' : 'autopay.invoice.release_what', words),
        action: `${INVOICES}/${invoice.id}/${name}`,
        fields: { roubles },
        back: `${INVOICES}/${invoice.id}`,
      })
    },
  })

const refuse = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${INVOICES}/:id/refuse`,
    policy: staffWith('autopay.approve'),
    summary: 'Says that an invoice is not to be paid, with a reason.',
    input: {
      params: PARAMS,
      body: z.object({
        roubles: ROUBLES.optional(),
        reasonKind: DEED_FIELDS.reasonKind,
        reason: DEED_FIELDS.reason,
        key: DEED_FIELDS.key,
      }),
    },
    handle: async ({ input: { params, body }, staff, redirect }) => {
      const reason = filedReason(body.reasonKind, body.reason)
      await refuseInvoice(deps, { invoiceId: params.id, author: staff, reason, key: body.key })
      redirect(`${INVOICES}/${params.id.toLowerCase()}?done=done`)
    },
  })
