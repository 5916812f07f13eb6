import { addressOfRecipient } from '../autopay'
import { readContacts } from '../members'
import { readPaymentFacts } from '../payments'
import { errorCode } from './delivery'
import type { Delivery } from './delivery'
import { autopayLetter } from './autopay-letter'
import { paymentLetter, staffLetter } from './letters'
import { isUsableAddress } from './mailer'
import type { Letter, Mailer } from './mailer'
import type { Notice, NoticesDeps } from './notice'
import { addressName } from './queue-notices'

/** Writes the letter and hands it to the mail server. The address is read now and kept nowhere. */
export async function deliverMail(deps: NoticesDeps, mailer: Mailer | undefined, notice: Notice): Promise<Delivery> {
  if (!mailer) return { kind: 'dropped', why: 'no mail server' }
  const to = await addressOf(deps, notice.recipient)
  if (to === undefined) return { kind: 'dropped', why: 'no address' }
  const body = await bodyOf(deps, notice)
  if (!body) return { kind: 'dropped', why: 'nothing to tell' }
  try {
    await mailer.send({ id: notice.id, to, ...body })
    return { kind: 'sent' }
  } catch (error) {
    return { kind: isFinal(error) ? 'refused' : 'failed', error: errorCode(error) }
  }
}

async function addressOf({ db, settings }: NoticesDeps, recipient: string): Promise<string | undefined> {
  if (/^(contact|staff):/.test(recipient)) return usable(await addressOfRecipient(db, recipient))
  if (!recipient.startsWith('member:')) return settings.alerts.emails.find((address) => addressName(address) === recipient)
  const [contact] = await readContacts(db, [recipient.slice('member:'.length)])
  return usable(contact?.email?.trim())
}

const usable = (address: string | undefined): string | undefined =>
  address !== undefined && isUsableAddress(address) ? address : undefined

async function bodyOf({ db, settings }: NoticesDeps, notice: Notice): Promise<Pick<Letter, 'subject' | 'text' | 'html'> | undefined> {
  if (notice.topic === 'alert' || notice.topic === 'approval') return staffLetter(notice, settings)
  if (notice.topic === 'autopay_digest' || notice.topic === 'autopay_approval') return autopayLetter(notice, settings)
  const payment = await readPaymentFacts(db, notice.source)
  return payment && paymentLetter(notice, payment, settings)
}

/** The mail server refuses this recipient or this letter for good. What it says of our own sign-in or of the connection is for the operator to put right. */
function isFinal(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  const isOurs = code === 'EAUTH' || code === 'ECONNECTION' || code === 'ETLS'
  return !isOurs && typeof responseCode === 'number' && responseCode >= 500 && responseCode < 600
}
