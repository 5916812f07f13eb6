import type { InvoiceboxSettings } from '../settings'

export interface MerchantSettings extends Omit<InvoiceboxSettings, 'signatureKey'> {
  /** The shop that orders are made for. */
  readonly merchantId: string
}
