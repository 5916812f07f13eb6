import type { Asker, Question } from '../asker'
import { pathId } from '../path-id'
import type { Asking, Operation } from '../types'
import { codeOutcome, payOutcome, validateOutcome } from './guarantee'
import { guaranteeBody } from './requests'
import type { Guarantee, GuaranteeRequest } from './types'

/** Payment by guarantee without leaving our page (3.7). Each call is sent once: even a second code would cost the payer an attempt. */
export function createGuarantee(asker: Asker, prefix: string): Guarantee {
  const question = (action: 'validate' | 'send-code' | 'pay', orderId: string, { as, permit, waitMs }: Asking = {}): Question => ({
    operation: `guarantee.${action}` satisfies Operation,
    method: 'POST',
    path: `${prefix}/billing/api/order/${pathId(orderId)}/payment-method-action/${action}`,
    as: as ?? 'page',
    permit,
    waitMs,
  })
  const body = (request: GuaranteeRequest, code?: object): string => guaranteeBody({ ...request, code })
  return {
    validate: async (request, asking) => await asker.write(question('validate', request.orderId, asking), body(request), validateOutcome),
    sendCode: async (request, asking) => await asker.write(question('send-code', request.orderId, asking), body(request), codeOutcome),
    pay: async (request, { publicCode, code }, asking) =>
      await asker.write(question('pay', request.orderId, { as: 'payment', ...asking }), body(request, { publicCode, code }), payOutcome),
  }
}
