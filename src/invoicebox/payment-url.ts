const MAX_LENGTH = 1_000

/**
 * Whether a payment link may be followed by a member's browser: https (http where allowed), no user info, none of the signs
 * that `new URL` forgives and a browser may read otherwise. The text itself stays as it came.
 */
export function isUsablePaymentUrl(text: string, allowHttp: boolean): boolean {
  // eslint-disable-next-line no-control-regex -- control signs are what is refused
  if (text.length > MAX_LENGTH || /[\u0000-\u0020\u007f-\u00a0\\]/.test(text)) return false
  if (!(allowHttp ? /^https?:\/\/[^/]/i : /^https:\/\/[^/]/i).test(text) || !URL.canParse(text)) return false
  const { username, password, hostname } = new URL(text)
  return username === '' && password === '' && hostname !== ''
}
