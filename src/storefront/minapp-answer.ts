/** What the form of the mini-app is answered with, as JSON. Its script in the browser reads the same type, so this file imports nothing. */
export type MinappAnswer =
  /** A one-time code was sent, if the address is a member's. */
  | { readonly state: 'code-sent'; readonly text: string }
  /** The member is known from now on, by this pass. */
  | { readonly state: 'recognised'; readonly pass: string; readonly name: string; readonly text: string }
  /** Invoicebox has not answered yet; the same form sent again asks about the same order. */
  | { readonly state: 'waiting'; readonly text: string }
  | { readonly state: 'made'; readonly paymentUrl: string; readonly back: WayBack }
  /** It was paid meanwhile: the page that shows what was bought. */
  | { readonly state: 'paid'; readonly href: string }
  /** `isOver`: the key of the form is used up, another try needs a new one. */
  | {
      readonly state: 'refused'
      readonly text: string
      readonly field: MinappField | null
      readonly isOver: boolean
      /** What the chosen voucher costs by now: the same form with this price agrees to it. */
      readonly price?: NewPrice
    }

export interface NewPrice {
  readonly text: string
  readonly roubles: string
}

/** The pages of ours that show what became of an order: after a payment, and after none. */
export interface WayBack {
  readonly success: string
  readonly fail: string
}

export type MinappField = 'amount' | 'email' | 'code'
