import { parseMoney, toDecimal } from '../shared/money'
import type { ApprovalStep } from './organisation'

const MOST_STEPS = 10

/** Steps as one text: `5000.00 id id; 100000.00 id`, the amount from which on they count and who may sign. */
export const stepsAsText = (steps: readonly ApprovalStep[]): string =>
  steps.map(({ from, approvers }) => [toDecimal(from), ...approvers].join(' ')).join('; ')

/** Reads such a text; undefined when it is none. Amounts rise from step to step, and each step names somebody. */
export function parseSteps(text: string): ApprovalStep[] | undefined {
  const steps = text
    .split(';')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseStep)
  const whole = steps.filter((step) => step !== undefined)
  const rises = whole.every(({ from }, index) => index === 0 || from >= (whole[index - 1]?.from ?? 0n))
  return whole.length === steps.length && steps.length <= MOST_STEPS && rises ? whole : undefined
}

function parseStep(text: string): ApprovalStep | undefined {
  const [amount = '', ...approvers] = text.split(/\s+/)
  if (!/^\d{1,13}(\.\d\d?)?$/.test(amount) || approvers.length === 0) return undefined
  return { from: parseMoney(amount, 'RUB').minor, approvers }
}
