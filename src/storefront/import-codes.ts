import type { Weight } from '../approvals'
import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { closeAlerts } from '../shared/alerts'
import { requireReason, writeAudit } from '../shared/audit'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { requireWeighed } from './agree-price'
import type { LoadPayload } from './agree-price'
import type { StorefrontDeps } from './deps'
import { subjectOf } from './offer'
import type { Offer } from './offer'
import { readOffer } from './offer-store'
import { requireReadableStock } from './readable-codes'
import { countFree, insertCodes, knownDigests } from './stock-store'
import type { NewCode } from './stock-store'

export const MOST_CODES = 5_000

export interface CodesImport {
  readonly offerId: string
  /** As it was pasted or stood in a file: a code a line; of a CSV line its first cell. */
  readonly text: string
  readonly author: Author
  readonly reason: string
}

/** What became of the lines: codes themselves are told to nobody. */
export interface ImportOutcome {
  readonly added: number
  /** How many stood in the text twice, or are in a stock already. */
  readonly duplicates: number
  /** The numbers of lines that cannot be codes, the first ten of them. */
  readonly oddLines: readonly number[]
  readonly free: number
  /** The first and the last code of the text, with all but their ends left out: enough to see a heading or a wrong column. */
  readonly first: string
  readonly last: string
}

const CODE = /^[\p{L}\p{N}][\p{L}\p{N} ._:/+#-]{2,99}$/u
/** Sealed, it is a third longer and must fit its column: letters of other alphabets take two to four bytes each. */
const MOST_BYTES = 250

const isCode = (text: string): boolean => CODE.test(text) && Buffer.byteLength(text) <= MOST_BYTES

/** What was found in a text, before anything is added. */
export interface ReadImport {
  readonly offer: Offer
  readonly read: CodesRead
  /** None where a line is odd. */
  readonly fresh: readonly NewCode[]
  readonly reason: string
}

/**
 * Puts codes of vouchers into the stock of an offer, whatever they come to at its price: `loadCodes` is for people. Codes that are known are left out and counted, so the same
 * file may come twice; when a line is odd, nothing is added.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason, codes, offer), codes_unreadable, key_reused when others import the same at the same time again and again
 */
export const importCodes = (deps: StorefrontDeps, order: CodesImport): Promise<ImportOutcome> =>
  readAnew(async () => {
    const { offer, read, fresh, reason } = await readImport(deps, order)
    if (fresh.length > 0) await addCodes(deps, { offer, fresh, author: order.author, reason })
    return toldOf(deps, { offerId: offer.id, read, fresh })
  })

const MOST_TRIES = 5
const TAKEN = 'codes'

/** Somebody else was quicker with some of the codes: read anew, those are known by now. */
export async function readAnew<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'key_reused' && error.detail === TAKEN) || tries === MOST_TRIES) throw error
    }
  }
}

/** Reads a text and seals what is new in it. @throws Refusal as `importCodes` does */
export async function readImport(deps: StorefrontDeps, { offerId, text, author, reason }: CodesImport): Promise<ReadImport> {
  requirePermission(author, 'catalogue.change')
  const why = requireReason(reason)
  const offer = await readOffer(deps.db, offerId)
  if (offer.type !== 'voucher') throw new Refusal('bad_input', 'offer')
  await requireReadableStock(deps)
  const read = readCodes(text)
  const { codes, oddLines } = read
  if (codes.length > MOST_CODES || (codes.length === 0 && oddLines.length === 0)) throw new Refusal('bad_input', 'codes')
  const fresh = oddLines.length > 0 ? [] : await sealFresh(deps, { offerId, codes, author })
  return { offer, read, fresh, reason: why }
}

/** What became of an import. */
export async function toldOf(
  { db }: StorefrontDeps,
  { offerId, read: { codes, oddLines }, fresh }: Pick<ReadImport, 'read' | 'fresh'> & { readonly offerId: string },
): Promise<ImportOutcome> {
  const free = (await countFree(db, [offerId])).get(offerId) ?? 0
  const duplicates = oddLines.length > 0 ? 0 : codes.length - fresh.length
  const [first, last] = [endsOf(codes[0]), endsOf(codes.at(-1))]
  return { added: fresh.length, duplicates, oddLines: oddLines.slice(0, 10), free, first, last }
}

const endsOf = (code = ''): string => {
  const shown = code.length < 8 ? 1 : 2
  return code === '' ? '' : `${code.slice(0, shown)}…${code.slice(-shown)}`
}

interface CodesRead {
  readonly codes: readonly string[]
  readonly oddLines: readonly number[]
}

function readCodes(text: string): CodesRead {
  const lines: { code: string; number: number }[] = []
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    const code = (line.split(/[;,\t]/)[0] ?? '').trim().replace(/^"(.*)"$/, '$1')
    if (code !== '') lines.push({ code, number: index + 1 })
  }
  const [first, ...others] = lines
  const heading =
    first &&
    isHeading(
      first.code,
      others.map(({ code }) => code),
    )
      ? first
      : undefined
  const odd = lines.filter((line) => line === heading || !isCode(line.code))
  const codes = lines.flatMap((line) => (odd.includes(line) ? [] : [line.code]))
  return { codes, oddLines: odd.map(({ number }) => number) }
}

const HEADING_WORDS =
  /(^|[^\p{L}])(codes?|vouchers?|coupons?|promocodes?|код|коды|купон|купоны|ваучер|ваучеры|промокод|промокоды)([^\p{L}]|$)/iu

/** Whether the first line names the column: no digit, and a word of headings, or unlike all that follow. It would be sold first. */
function isHeading(first: string, others: readonly string[]): boolean {
  if (/\p{N}/u.test(first)) return false
  if (HEADING_WORDS.test(first.replaceAll('_', ' '))) return true
  const shapes = new Set(others.map(shapeOf))
  if (others.length === 0 || shapes.has(shapeOf(first))) return false
  return shapes.size === 1 || others.every((code) => /\p{N}/u.test(code))
}

const shapeOf = (code: string): string => code.replace(/[\p{L}\p{N}]/gu, 'x')

async function sealFresh(deps: StorefrontDeps, of: { offerId: string; codes: readonly string[]; author: Author }): Promise<NewCode[]> {
  const { codes: seal } = deps.storefront
  const byDigest = new Map(of.codes.map((code) => [seal.digest(code), code]))
  const known = await knownDigests(deps.db, [...byDigest.keys()])
  const at = deps.clock.now()
  return [...byDigest]
    .filter(([digest]) => !known.has(digest))
    .map(([digest, code]) => {
      const id = newSortedId()
      return { id, offerId: of.offerId, sealed: seal.seal(id, code), digest, at, by: authorName(of.author) }
    })
}

interface Adding extends Pick<CodesImport, 'author' | 'reason'> {
  readonly offer: Pick<Offer, 'id' | 'lowStock'>
  readonly fresh: readonly NewCode[]
  readonly weighed?: Weight
}

/** @param load what was weighed, where it was. @throws Refusal key_reused, offer_changed; WeighsMore */
export async function addCodes({ db, clock }: StorefrontDeps, adding: Adding, load?: LoadPayload): Promise<void> {
  const { offer, fresh, author, reason } = adding
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    if (load) await requireWeighed(tx, load, adding)
    await insertCodes(tx, fresh)
    const free = (await countFree(tx, [offer.id])).get(offer.id) ?? 0
    if (free > offer.lowStock) await closeAlerts(tx, [{ kind: 'voucher_stock_low', subject: offer.id, by: authorName(author), at }])
    const after = { codes: String(fresh.length) }
    await writeAudit(tx, [{ author, at, action: 'voucher_codes_imported', subject: subjectOf(offer.id), reason, after }])
  }).catch((error: unknown) => {
    throw brokenUniqueRule(error) === undefined ? error : new Refusal('key_reused', TAKEN)
  })
}
