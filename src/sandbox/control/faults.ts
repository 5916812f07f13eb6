import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { FAULT_FIELDS, FAULT_KINDS, FAULT_KIND_NAMES, FAULT_SCOPES, addFault, faultRule, isProcessed } from '../state/faults'
import type { Fault, FaultWish } from '../state/faults'
import { toDecimal } from '../state/money'
import type { World } from '../state/world'
import { amountField, flagField, readBody, textField, wholeField } from './read'

/** What a header may carry; anything else would break the answer itself. */
const headerText = z.string().regex(/^[\t\x20-\x7e]{0,500}$/, { error: 'must be printable ASCII text, at most 500 characters.' })

const TEN_MINUTES = 600_000

const faultSchema = z.strictObject({
  on: z.enum(FAULT_SCOPES),
  kind: z.enum(FAULT_KIND_NAMES),
  times: wholeField(1, 1_000_000).nullable().optional(),
  invoiceId: textField(100, 1).nullable().optional(),
  ms: wholeField(0, TEN_MINUTES).optional(),
  status: wholeField(200, 599).optional(),
  code: textField(100, 1).optional(),
  retryAfter: z
    .union([headerText, z.number().transform(String)], { error: 'must be a text or a number; it is sent as it stands.' })
    .optional(),
  body: textField(100_000).optional(),
  after: flagField.optional(),
  before: flagField.optional(),
  location: headerText.optional(),
  amount: amountField.optional(),
  copies: wholeField(2, 1_000).optional(),
})

/** Checks a wish for a fault. @throws ApiRefusal 422 with a sentence that lists what is allowed */
export function readFault(body: unknown): FaultWish {
  const wish = readBody(faultSchema, body)
  const rule = faultRule(wish.on, wish.kind)
  if (!rule) throw new ApiRefusal(422, 'validation', `The kind ${wish.kind} has no meaning on ${wish.on}.`)
  const { fields } = rule
  const foreign = FAULT_FIELDS.filter((name) => wish[name] !== undefined && !fields.includes(name))
  if (foreign.length > 0) {
    const allowed = ['on', 'kind', 'times', 'invoiceId', ...fields].join(', ')
    throw new ApiRefusal(422, 'validation', `The kind ${wish.kind} does not take ${foreign.join(', ')}. Allowed: ${allowed}.`)
  }
  if (wish.kind === 'redirect' && wish.status !== undefined && (wish.status < 300 || wish.status > 399)) {
    throw new ApiRefusal(422, 'validation', 'The status of a redirect must be from 300 to 399.')
  }
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined)) as unknown as FaultWish
}

/** `POST /_sandbox/faults` */
export const plantFault = (world: World, body: unknown): Fault => addFault(world.faults, world.chance, readFault(body), 'control')

/** `DELETE /_sandbox/faults/{id}`. @throws ApiRefusal 404 */
export function removeFault(world: World, id: unknown): void {
  const at = world.faults.findIndex((fault) => fault.id === id)
  if (at < 0) throw new ApiRefusal(404, 'not_found', 'There is no such fault.')
  world.faults.splice(at, 1)
}

export const presentFault = (fault: Fault) => ({
  ...fault,
  ...(fault.amount === undefined ? {} : { amount: toDecimal(fault.amount) }),
  isProcessed: isProcessed(fault),
})

/** What may be asked for, with a sentence for each kind. */
export const FAULT_GUIDE = { on: FAULT_SCOPES, kinds: FAULT_KINDS }
