import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { bodyOf } from '../http/body'
import { envelope } from '../http/envelope'
import { decodeJson, isObject } from '../http/json'
import type { Json } from '../http/json'
import { ApiRefusal, refusedField } from '../http/refusal'
import { confirmInvoice } from '../state/confirm-invoice'
import type { World } from '../state/world'
import type { ApiCall, ApiRoute } from '../wire/call'
import { invoiceOf } from './get-invoice'

const LONGEST_ID = 36

function operationIdOf(body: Record<string, unknown>): string {
  const { partnerOperationId } = body
  if (typeof partnerOperationId === 'string' && partnerOperationId.length >= 1 && partnerOperationId.length <= LONGEST_ID)
    return partnerOperationId
  throw refusedField('partnerOperationId', `partnerOperationId must be a text of 1 to ${LONGEST_ID} characters`)
}

/** @throws ApiRefusal 422 `signature_error` when the switch is on and X-Signature is not HMAC-SHA1 of the raw body in hex */
function checkSignature(world: World, call: ApiCall): void {
  if (!world.settings.signatureRequired) return
  const expected = createHmac('sha1', world.settings.signatureKey).update(call.body).digest('hex')
  const given = call.headers['x-signature']
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  if (typeof given === 'string' && timingSafeEqual(digest(given.toLowerCase()), digest(expected))) return
  throw new ApiRefusal(422, 'signature_error', 'Signature error')
}

/** A body that is not JSON stops everything; what it says is looked at only after the invoice, as in the reference's section 7.5. */
function answerConfirm(world: World, call: ApiCall): Json {
  const body = bodyOf(call.body)
  const invoice = invoiceOf(world, call)
  checkSignature(world, call)
  const operation = confirmInvoice(world, invoice, operationIdOf(body))
  return envelope(world, { partnerOperationId: operation.partnerOperationId, id: operation.id })
}

function isReplay(world: World, call: ApiCall): boolean {
  const value = decodeJson(call.body)?.value
  const partnerOperationId = isObject(value) ? value['partnerOperationId'] : undefined
  return typeof partnerOperationId === 'string' && world.operations.get(partnerOperationId)?.invoiceId === call.id
}

/** `POST …/business/api/invoice/{id}/confirm`: pays the whole invoice from the guarantee fund. */
export const postConfirm: ApiRoute = {
  method: 'POST',
  path: /^\/business\/api\/invoice\/([^/]+)\/confirm$/,
  on: 'business.confirm',
  answer: answerConfirm,
  isReplay,
}
