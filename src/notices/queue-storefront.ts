import { memberAtAddress } from '../members'
import { codesToSend, CODE_LIVES_MS, forgetAddresses } from '../storefront'
import type { AskedCode, TellBuyer } from '../storefront'
import { plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { NoticesDeps, NoticeSettings } from './notice'
import { GIVE_UP_AFTER_MS } from './queue-notices'
import { insertNotices, requeueUnsent } from './store'
import type { NewNotice } from './store'

const AT_ONCE = 100

/**
 * Queues letters with one-time codes. Only here is it looked up whether a member has the address, so that whoever asks for a code waits as long either way. The address is
 * forgotten with it; the letter goes to the one that the member has.
 * @returns how many codes were dealt with
 */
export async function queueCodes(deps: NoticesDeps): Promise<number> {
  const { db, clock, settings, storefront } = deps
  const codes = await codesToSend(db, storefront.oneTimeCodes, AT_ONCE)
  if (codes.length === 0) return 0
  const now = clock.now()
  const letters = settings.mail.url === undefined ? [] : await Promise.all(codes.map((code) => letterFor(deps, code, now)))
  const notices = letters.filter((letter) => letter !== undefined)
  await inTransaction(db, async (tx) => {
    if (notices.length > 0) await insertNotices(tx, notices, now, plus(now, CODE_LIVES_MS))
    await forgetAddresses(
      tx,
      codes.map(({ id }) => id),
    )
  })
  return codes.length
}

async function letterFor({ db }: NoticesDeps, { id, email, language, expiresAt }: AskedCode, now: Date): Promise<NewNotice | undefined> {
  if (email === undefined || expiresAt <= now) return undefined
  const member = await memberAtAddress(db, email)
  if (!member || member.lockedAt) return undefined
  return { channel: 'mail', topic: 'one_time_code', source: id, recipient: `member:${member.id}`, language, facts: {}, state: 'queued' }
}

/** Has the buyer of goods told by letter, in the transaction that hands them out: once, whoever dies where. What was bought is looked up when the letter is written. */
export const tellBuyerWith = ({ mail }: NoticeSettings): TellBuyer => ({
  async first(tx, { id, language }, at) {
    if (mail.url === undefined) return
    const letter = { channel: 'mail', topic: 'goods', source: id, recipient: `order:${id}`, language, facts: {}, state: 'queued' } as const
    await insertNotices(tx, [letter], at, plus(at, GIVE_UP_AFTER_MS))
  },
  again: (tx, { id }, at) => requeueUnsent(tx, { topic: 'goods', source: id }, at, plus(at, GIVE_UP_AFTER_MS)),
})
