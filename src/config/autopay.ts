import { Cron } from 'croner'
import { z } from 'zod'

/* The settings of automatic payment of organisations' invoices. */

export interface AutopayConfig {
  /** A cron expression of five fields, read in the operator's time zone; null runs nothing by itself. */
  readonly schedule: string | null
}

/** Each quarter of an hour while people work: an invoice that is issued in the morning is paid in the morning, and somebody is there to look at what must wait. */
const DEFAULT = '*/15 8-20 * * 1-5'
const OFF = 'off'

/** Whether a text is a cron expression of five fields that comes to pass at all. */
function isSchedule(text: string): boolean {
  if (text === OFF) return true
  if (text.split(/\s+/).length !== 5) return false
  try {
    return new Cron(text, { paused: true }).nextRun() !== null
  } catch {
    return false
  }
}

const SENTENCE = 'AUTOPAY_SCHEDULE must be a cron expression of five fields, such as */15 8-20 * * 1-5, or off.'

export const AUTOPAY_FIELDS = {
  AUTOPAY_SCHEDULE: z.string().trim().refine(isSchedule, SENTENCE).optional(),
}

/** In the demo nothing happens behind the back of whoever tries it out, unless they say so. */
export function toAutopay({ AUTOPAY_SCHEDULE: text }: { AUTOPAY_SCHEDULE?: string | undefined }, mode: string): AutopayConfig {
  const schedule = text ?? (mode === 'demo' ? OFF : DEFAULT)
  return { schedule: schedule === OFF ? null : schedule }
}
