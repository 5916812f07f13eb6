import type { Understood } from '../answers'
import { cleanText } from '../clean-text'
import { ExactNumber, isObject } from '../exact-json'
import type { Json, JsonObject } from '../exact-json'
import type { Unknown } from '../types'
import { puzzling, successOf } from './outcomes'
import type { CodeAnswer, GuaranteeAnswer, PayAnswer, Rejected, ValidateAnswer } from './types'

/** The answers of a payment by guarantee (3.7): HTTP 200 with a `result`, its "no" included. */

const VALIDATED = ['available', 'notEnoughMoney', 'notRegistered'] as const
const CODE_SENT = ['success', 'codeAlreadySent', 'error'] as const
const PAID = ['success', 'alreadyPaid', 'wrongCode', 'limitReached', 'notEnoughMoney', 'error'] as const

const MESSAGE_LIMIT = 500

export const validateOutcome = (answer: Understood): ValidateAnswer | Rejected | Unknown => answered(answer, VALIDATED, plain)

export const payOutcome = (answer: Understood): PayAnswer | Rejected | Unknown => answered(answer, PAID, plain)

export const codeOutcome = (answer: Understood): CodeAnswer | Rejected | Unknown =>
  answered(answer, CODE_SENT, (base, { publicCode, leftAttempt }) => ({
    ...base,
    publicCode: typeof publicCode === 'string' && publicCode.length <= 100 ? publicCode : null,
    leftAttempts: leftAttempt instanceof ExactNumber && /^\d{1,6}$/.test(leftAttempt.text) ? Number(leftAttempt.text) : null,
  }))

const plain = <T>(base: T): T => base

/** An unfamiliar result is no answer: it may be a yes as well as a no. */
function answered<const R extends string, A>(
  answer: Understood,
  known: readonly R[],
  complete: (base: GuaranteeAnswer<R>, resultData: JsonObject) => A,
): A | Rejected | Unknown {
  const found = successOf(answer)
  if (!Array.isArray(found)) return found
  const [body] = found
  const result = known.find((one) => one === body?.result)
  if (!body || result === undefined) return puzzling('not-understood', 'A payment by guarantee was answered with an unfamiliar result.')
  const resultData = isObject(body.resultData) ? body.resultData : {}
  return complete({ kind: 'answered', result, message: messageOf(resultData.message, body.resultNote) }, resultData)
}

function messageOf(message: Json | undefined, note: Json | undefined): GuaranteeAnswer<string>['message'] {
  const text = (value: Json | undefined): string => (typeof value === 'string' ? cleanText(value, MESSAGE_LIMIT) : '')
  if (isObject(message)) return { title: text(message.title), text: text(message.message) }
  return text(note) ? { title: '', text: text(note) } : null
}
