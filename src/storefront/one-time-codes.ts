import { timingSafeEqual } from 'node:crypto'
import { DAY, HOUR, MINUTE, plus } from '../shared/clock'
import { engineOf, inTransaction, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import type { Seal } from '../shared/seal'
import { insertRows } from '../shared/statements'
import type { Language } from '../shared/texts'

export const CODE_LIVES_MS = 10 * MINUTE
export const MOST_TRIES = 5
/** As long as it counts against the letters of an address. */
const KEPT_MS = DAY
/** A letter needs this long, and nobody reads two at once. */
const BETWEEN_MS = MINUTE
/** Letters of a day that nobody has used, to one address: somebody fills its mailbox. Then they become fewer, and then none; those that were used do not count. */
const QUICK_LETTERS = 4
const BETWEEN_MORE_MS = HOUR
const MOST_LETTERS = 10
const DIGITS = 6

/** A code that somebody has asked for, whether or not a member has that address. */
export interface AskedCode {
  readonly id: string
  /** The address, while no letter was queued. */
  readonly email: string | undefined
  readonly language: Language
  readonly expiresAt: Date
  readonly isUsed: boolean
}

interface CodeRow {
  id: string
  sealed_email: string | null
  language: Language
  expires_at: Date | string
  used_at: Date | string | null
}

const toCode = (row: CodeRow, seal: Seal): AskedCode => ({
  id: row.id,
  email: row.sealed_email === null ? undefined : seal.unseal(row.id, row.sealed_email),
  language: row.language,
  expiresAt: moment(row.expires_at),
  isUsed: row.used_at !== null,
})

/** The six digits of a code. They stand nowhere: they follow from its id and the operator's secret. */
export function digitsOf(seal: Seal, id: string): string {
  const number = BigInt(`0x${seal.digest(`digits of ${id}`)}`) % 10n ** BigInt(DIGITS)
  return number.toString().padStart(DIGITS, '0')
}

/** Whether somebody typed the digits of a code, with blanks between them or without. Takes as long for a wrong one. */
export function isCode(seal: Seal, id: string, typed: string): boolean {
  const digits = typed.replace(/[\s-]/g, '')
  return digits.length === DIGITS && timingSafeEqual(sameLength(digits), sameLength(digitsOf(seal, id)))
}

/** Letters may be longer than one byte. */
const sameLength = (text: string): Buffer => Buffer.alloc(4 * DIGITS, text.padEnd(4 * DIGITS, ' '))

/** Writes a code that a letter is sent for, unless the address has had enough of those. Whoever asks at the same moment waits, so that a hundred at once are one letter. */
export async function insertCode(tx: Tx, seal: Seal, of: { email: string; digest: string; language: Language; at: Date }): Promise<void> {
  if (engineOf(tx) === 'postgres') await tx.raw('select pg_advisory_xact_lock(hashtext(?))', [of.digest])
  if (!(await mayHaveAnother(tx, of.digest, of.at))) return
  const id = newSortedId()
  await insertRows(tx, 'one_time_codes', [
    {
      id,
      email_digest: of.digest,
      sealed_email: seal.seal(id, of.email),
      language: of.language,
      created_at: iso(of.at),
      expires_at: iso(plus(of.at, CODE_LIVES_MS)),
    },
  ])
}

async function mayHaveAnother(tx: Tx, emailDigest: string, now: Date): Promise<boolean> {
  const unused: { created_at: Date | string }[] = await tx('one_time_codes')
    .where({ email_digest: emailDigest })
    .whereNull('used_at')
    .where('created_at', '>', iso(plus(now, -KEPT_MS)))
    .orderBy('id', 'desc')
    .limit(MOST_LETTERS)
    .select('created_at')
  const [newest] = unused
  if (!newest) return true
  const between = unused.length < QUICK_LETTERS ? BETWEEN_MS : BETWEEN_MORE_MS
  return unused.length < MOST_LETTERS && now.getTime() - moment(newest.created_at).getTime() >= between
}

/** Counts a try at the newest code of an address; undefined when it is not good any more. One conditional statement, so that tries at several processes cannot overshoot. */
export async function claimTry(tx: Tx, emailDigest: string, now: Date): Promise<{ readonly id: string } | undefined> {
  const newest: { id: string } | undefined = await tx('one_time_codes')
    .where({ email_digest: emailDigest })
    .orderBy('id', 'desc')
    .first('id')
  if (!newest) return undefined
  const claimed = await tx('one_time_codes')
    .where({ id: newest.id })
    .whereNull('used_at')
    .where('tries', '<', MOST_TRIES)
    .where('expires_at', '>', iso(now))
    .increment('tries', 1)
  return claimed === 1 ? newest : undefined
}

/** False for whoever comes second. */
export const useCode = async (tx: Tx, id: string, at: Date): Promise<boolean> =>
  (await tx('one_time_codes')
    .where({ id })
    .whereNull('used_at')
    .update({ used_at: iso(at) })) === 1

export async function findAsked(db: Db, seal: Seal, id: string): Promise<AskedCode | undefined> {
  const row = (await db('one_time_codes').where({ id }).first()) as CodeRow | undefined
  return row && toCode(row, seal)
}

/** Codes for which no letter was queued yet, the oldest first. */
export const codesToSend = async (db: Db, seal: Seal, limit: number): Promise<AskedCode[]> =>
  ((await db('one_time_codes').whereNotNull('sealed_email').orderBy('id').limit(limit)) as CodeRow[]).map((row) => toCode(row, seal))

/** The address has served. */
export async function forgetAddresses(tx: Tx, ids: readonly string[]): Promise<void> {
  await tx('one_time_codes').whereIn('id', ids).update({ sealed_email: null })
}

/** Deletes what is left of codes that nobody can use any more. For the background worker. @returns how many */
export const forgetCodes = (db: Db, now: Date): Promise<number> =>
  inTransaction(db, (tx) =>
    tx('one_time_codes')
      .where('created_at', '<', iso(plus(now, -KEPT_MS)))
      .delete(),
  )
