import { invoiceboxMinapp } from '@invoicebox/minapp-sdk'
import { accept, appBridge, isFramed, messageOf, onPinned, post } from './parent-window'

/** What a parent tells; none of it is proven, so it is only written into fields. Nothing but the type is always there. */
export interface InitialData {
  readonly minappType: 'order' | 'suborder'
  readonly orderContainerId?: string
  readonly userEmail?: string
  readonly fullHeight?: boolean
  readonly locale?: string
}

/** The results of a payment that a parent may tell of. */
export type PaymentResult = 'pending' | 'completed' | 'canceled' | 'expired' | 'hold' | 'unknown'

/** Whether there is anybody to talk to. */
export const hasParent = (): boolean => isFramed() || appBridge() !== undefined

/** Says hello. @returns what the parent answers, whenever it does */
export function connect(): Promise<InitialData> {
  const answered = invoiceboxMinapp.getInitialData() as Promise<InitialData>
  invoiceboxMinapp.connect()
  return answered
}

/** Whether the order at hand has one of the values under the key, however deep. Metadata that are not there, or that cannot be looked through, fit nothing. */
export async function matches(key: string, values: readonly string[]): Promise<boolean> {
  try {
    return await invoiceboxMinapp.matchMetaDataValues(key, [...values])
  } catch {
    return false
  }
}

export const tell = {
  height: (pixels: number): void => invoiceboxMinapp.onHeightChange(pixels),
  done: (paymentUrl: string): void => invoiceboxMinapp.onDone(paymentUrl),
  error: (text: string): void => invoiceboxMinapp.onError(text),
  link: (href: string): void => invoiceboxMinapp.onLink(href),
  unavailable: (): void => invoiceboxMinapp.onUnavailable(),
  /** Not in every version of the SDK: the parent opens the payment and later tells its result. */
  checkout: (paymentUrl: string): void => post(messageOf('checkout', paymentUrl)),
}

/** Not in every version of the SDK either: a parent that keeps this window open tells what became of the payment. */
export function onPaymentResult(handler: (result: PaymentResult) => void): void {
  onPinned(() =>
    self.addEventListener('message', (event) => {
      const message = accept(event)
      if (message?.action === 'paymentResult') handler(message.data as PaymentResult)
    }),
  )
}
