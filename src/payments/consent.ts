import { createHmac, timingSafeEqual } from 'node:crypto'
import { MINUTE } from '../shared/clock'
import { canonicalJson, newSortedId } from '../shared/ids'
import { isUnit, money } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'

/**
 * What a member agreed to: this invoice, this amount, this price, on this page. It travels in the form, signed, and is spent by the payment that carries its id
 * (`payments.consent_id` is unique). Nothing is written until it is used, so showing a page writes nothing.
 */
export interface Consent {
  readonly id: string
  readonly checkoutId: string
  readonly memberId: string
  readonly invoiceId: string
  readonly amount: Money
  readonly points: Money
  readonly issuedAt: Date
}

const LIFETIME_MS = 30 * MINUTE
const LONGEST_TOKEN = 1000

/** Issues a consent as the token that the confirm form carries. */
export function issueConsent(secret: string, of: Omit<Consent, 'id' | 'issuedAt'>, now: Date): string {
  const body = canonicalJson({
    n: newSortedId(), // Nobody can make one up, since it is signed; and what is spent together lies together in the indexes.
    c: of.checkoutId,
    m: of.memberId,
    i: of.invoiceId,
    a: of.amount.minor,
    u: of.amount.unit,
    p: of.points.minor,
    t: now.getTime(),
  })
  const text = Buffer.from(body).toString('base64url')
  return `${text}.${sign(secret, text).toString('base64url')}`
}

/**
 * Opens a token of ours for this checkout and member.
 * @throws Refusal consent_missing (not ours, or for somebody or something else), consent_expired (older than 30 minutes, or from a clock that was wrong)
 */
export function openConsent(secret: string, token: string, of: { checkoutId: string; memberId: string }, now: Date): Consent {
  const consent = decode(secret, token)
  if (!consent || consent.checkoutId !== of.checkoutId || consent.memberId !== of.memberId) throw new Refusal('consent_missing')
  if (Math.abs(now.getTime() - consent.issuedAt.getTime()) > LIFETIME_MS) throw new Refusal('consent_expired')
  return consent
}

const sign = (secret: string, text: string): Buffer => createHmac('sha256', secret).update(`consent\n${text}`).digest()

function decode(secret: string, token: string): Consent | undefined {
  const [text, signature, ...rest] = token.length <= LONGEST_TOKEN ? token.split('.') : []
  if (!text || !signature || rest.length > 0) return undefined
  const [given, right] = [Buffer.from(signature, 'base64url'), sign(secret, text)]
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  const { n, c, m, i, a, u, p, t } = JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, string> & { t: number }
  if (!isUnit(u)) return undefined
  return {
    id: String(n),
    checkoutId: String(c),
    memberId: String(m),
    invoiceId: String(i),
    amount: money(BigInt(String(a)), u),
    points: money(BigInt(String(p)), 'PTS'),
    issuedAt: new Date(t),
  }
}
