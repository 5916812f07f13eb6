import type { z } from 'zod'
import { amount, checked, oneOf } from './fields'
import { VAT_CODES } from '../invoicebox/merchant'
import type { VatCode } from '../invoicebox/merchant'
import type { Money } from '../shared/money'

/* The settings of what members may buy. */

export interface TopUpConfig {
  /** The smallest and the largest top-up. */
  readonly least: Money
  readonly most: Money
  /** The VAT code on the fiscal receipt of sold points (Invoicebox's dictionary). */
  readonly vatCode: VatCode
  /** The origin of Invoicebox's payment page, to which the form of a top-up leads. */
  readonly payHost: string
}

const PAY_HOST = 'https://pay.invoicebox.ru'

const isOrigin = (text: string): boolean =>
  /^https?:\/\//.test(text) && URL.canParse(text) && new URL(text).href === `${new URL(text).origin}/`

export const TOP_UP_FIELDS = {
  TOP_UP_MIN: amount('TOP_UP_MIN', 'RUB', '1'),
  TOP_UP_MAX: amount('TOP_UP_MAX', 'RUB', '1000000'),
  TOP_UP_VAT_CODE: oneOf('TOP_UP_VAT_CODE', VAT_CODES).default('VATNONE'),
  INVOICEBOX_PAY_URL: checked(
    isOrigin,
    'INVOICEBOX_PAY_URL must be an http or https address without a path, such as https://pay.invoicebox.ru.',
  ),
}

/** @param of what the rest of the settings says */
export function toTopUps(env: z.output<z.ZodObject<typeof TOP_UP_FIELDS>>, of: { isProduction: boolean; apiUrl: string }): TopUpConfig {
  return {
    least: env.TOP_UP_MIN,
    most: env.TOP_UP_MAX,
    vatCode: env.TOP_UP_VAT_CODE,
    // The sandbox's payment page is where its API is.
    payHost: new URL(env.INVOICEBOX_PAY_URL ?? (of.isProduction ? PAY_HOST : of.apiUrl)).origin,
  }
}

/** What is wrong with the limits: each with whether it is. */
export const topUpFaults = ({ least, most }: TopUpConfig): [boolean, string][] => [
  [least.minor <= 0n, 'TOP_UP_MIN must be more than zero.'],
  [most.minor < least.minor, 'TOP_UP_MAX must not be less than TOP_UP_MIN.'],
]
