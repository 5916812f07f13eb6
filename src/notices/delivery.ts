/** What became of one attempt to tell somebody. */
export type Delivery =
  | { readonly kind: 'sent' }
  /** There is nobody to tell any more. */
  | { readonly kind: 'dropped'; readonly why: string }
  /** The other side says that it will never take this: nothing is gained by asking again. */
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'failed'; readonly error: string }

const CODE = /^[A-Z][A-Z0-9_]{1,40}$/

/** What may be stored and logged of an error: its code and the other side's number. Its message may repeat an address. */
export function errorCode(error: unknown): string {
  const { code, responseCode, name, cause } = (error ?? {}) as Partial<Record<'code' | 'responseCode' | 'name' | 'cause', unknown>>
  const word = [code, (cause as { code?: unknown } | undefined)?.code].find((one) => typeof one === 'string' && CODE.test(one))
  const number = typeof responseCode === 'number' ? ` ${responseCode}` : ''
  return `${typeof word === 'string' ? word : typeof name === 'string' ? name.slice(0, 40) : 'unknown'}${number}`
}
