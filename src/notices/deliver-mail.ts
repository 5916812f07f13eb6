import { addressOfRecipient, letterNow } from '../autopay'
import { readContacts } from '../members'
import { buyerAddress, CodeUnreadable, findOrder } from '../orders'
import { readPaymentFacts } from '../payments'
import { errorCode } from './delivery'
import type { Delivery } from './delivery'
import { autopayLetter } from './autopay-letter'
import type { Db } from '../shared/database'
import { isUsableAddress } from '../shared/mail-address'
import { digitsOf, findAsked, revealCode } from '../storefront'
import { paymentLetter, staffLetter } from './letters'
import type { Body } from './letters'
import { codeLetter, goodsLetter } from './storefront-letters'
import type { Mailer } from './mailer'
import type { Notice, NoticesDeps } from './notice'
import { addressName } from './queue-notices'

/** Writes the letter and hands it to the mail server. The address is read now and kept nowhere. */
export async function deliverMail(deps: NoticesDeps, mailer: Mailer | undefined, notice: Notice): Promise<Delivery> {
  if (!mailer) return { kind: 'dropped', why: 'no mail server' }
  const to = await addressOf(deps, notice.recipient)
  if (to === undefined) return { kind: 'dropped', why: 'no address' }
  const body = await bodyOf(deps, notice).catch(whenUnreadable)
  if (body === 'unreadable') return { kind: 'failed', error: 'code unreadable' }
  if (!body) return { kind: 'dropped', why: 'nothing to tell' }
  try {
    await mailer.send({ id: notice.id, to, ...body })
    return { kind: 'sent' }
  } catch (error) {
    return { kind: isFinal(error) ? 'refused' : 'failed', error: errorCode(error) }
  }
}

/** Staff are told by then, and the letter waits for the right secret. */
function whenUnreadable(error: unknown): 'unreadable' {
  if (error instanceof CodeUnreadable) return 'unreadable'
  throw error
}

async function addressOf({ db, settings }: NoticesDeps, recipient: string): Promise<string | undefined> {
  if (/^(contact|staff):/.test(recipient)) return usable(await addressOfRecipient(db, recipient))
  if (recipient.startsWith('order:')) return usable(await addressOfBuyer(db, recipient.slice('order:'.length)))
  if (!recipient.startsWith('member:')) return settings.alerts.emails.find((address) => addressName(address) === recipient)
  return usable(await addressOfMember(db, recipient.slice('member:'.length)))
}

const addressOfMember = async (db: Db, id: string): Promise<string | undefined> => (await readContacts(db, [id]))[0]?.email?.trim()

async function addressOfBuyer(db: Db, orderId: string): Promise<string | undefined> {
  const order = await findOrder(db, { id: orderId })
  return order?.memberId ? addressOfMember(db, order.memberId) : buyerAddress(db, orderId)
}

const usable = (address: string | undefined): string | undefined =>
  address !== undefined && isUsableAddress(address) ? address : undefined

async function bodyOf(deps: NoticesDeps, notice: Notice): Promise<Body | undefined> {
  const { db, settings } = deps
  if (notice.topic === 'one_time_code') return codeBody(deps, notice)
  if (notice.topic === 'goods') return goodsBody(deps, notice)
  if (notice.topic === 'alert' || notice.topic === 'approval') return staffLetter(notice, settings)
  if (notice.topic === 'autopay_approval') return askedBody(deps, notice)
  if (notice.topic === 'autopay_digest' || notice.topic === 'autopay_month') return autopayLetter(notice, settings)
  const payment = await readPaymentFacts(db, notice.source)
  return payment && paymentLetter(notice, payment, settings)
}

/** Whoever has been taken off the organisation, or whose turn is over, is asked for nothing and told no name and no amount. */
async function askedBody({ db, clock, settings }: NoticesDeps, notice: Notice): Promise<Body | undefined> {
  const letter = await letterNow(db, { id: notice.source, recipient: notice.recipient }, clock.now())
  return letter && autopayLetter({ ...notice, facts: letter.facts }, settings)
}

/** A code that is over, or was used, is told to nobody. */
async function codeBody({ db, clock, settings, storefront: { oneTimeCodes } }: NoticesDeps, notice: Notice): Promise<Body | undefined> {
  const code = await findAsked(db, oneTimeCodes, notice.source)
  if (!code || code.isUsed || code.expiresAt <= clock.now()) return undefined
  return codeLetter(notice, digitsOf(oneTimeCodes, code.id), settings)
}

/** The code is opened here and nowhere before: no queue, log or list has it. From now on it counts as sent, whatever becomes of the letter. */
async function goodsBody({ db, clock, settings, storefront }: NoticesDeps, notice: Notice): Promise<Body | undefined> {
  const order = await findOrder(db, { id: notice.source })
  const code = order && (await revealCode(db, storefront.codes, order, { how: 'mailed_at', at: clock.now() }))
  return order && typeof code === 'string' ? goodsLetter(notice, { order, code }, settings) : undefined
}

/** The mail server refuses this recipient or this letter for good. What it says of our own sign-in or of the connection is for the operator to put right. */
function isFinal(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  const isOurs = code === 'EAUTH' || code === 'ECONNECTION' || code === 'ETLS'
  return !isOurs && typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600
}
