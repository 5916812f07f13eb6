import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { inTransaction, iso } from '../shared/database'
import type { Db } from '../shared/database'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import { subjectOf } from './offer'
import { pictureSize } from './picture-size'
import type { PictureType } from './picture-size'
import { lockOffer } from './offer-store'

export const MOST_PICTURE_BYTES = 200 * 1024

export interface Picture {
  readonly type: PictureType
  readonly bytes: Buffer
}

/** Wider or higher than any screen shows it: a small file may unfold to gigabytes in a browser. */
const MOST_PIXELS = 4_000

const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const JPEG = Buffer.from([0xff, 0xd8, 0xff])

/** What kind of picture it is by its first bytes, whatever its name says; undefined for anything else, SVG included, since that may hold a script. */
export function pictureType(bytes: Buffer): PictureType | undefined {
  if (bytes.subarray(0, PNG.length).equals(PNG)) return 'image/png'
  if (bytes.subarray(0, JPEG.length).equals(JPEG)) return 'image/jpeg'
  return bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP' ? 'image/webp' : undefined
}

function isShowable(type: PictureType, bytes: Buffer): boolean {
  const size = pictureSize(type, bytes)
  return size !== undefined && [size.width, size.height].every((pixels) => pixels > 0 && pixels <= MOST_PIXELS)
}

export interface PictureChange {
  readonly offerId: string
  readonly bytes: Buffer
  readonly author: Author
  readonly reason: string
}

/** Gives an offer a picture in place of the one it had. Its address is new, so that a browser may keep the old one for ever. @throws Refusal forbidden, not_found, bad_picture */
export async function setPicture({ db, clock }: StorefrontDeps, { offerId, bytes, author, reason }: PictureChange): Promise<void> {
  requirePermission(author, 'catalogue.change')
  const why = requireReason(reason)
  const type = pictureType(bytes)
  if (type === undefined || bytes.length > MOST_PICTURE_BYTES || !isShowable(type, bytes)) throw new Refusal('bad_picture')
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    // Held, so that of two pictures at once the later one stays.
    if (!(await lockOffer(tx, offerId))) throw new Refusal('not_found', 'offer')
    await tx('offer_pictures').where({ offer_id: offerId }).delete()
    await tx('offer_pictures').insert({ id: newId(), offer_id: offerId, type, bytes, created_at: iso(at) })
    const after = { picture: `${type}, ${String(bytes.length)}` }
    await writeAudit(tx, [{ author, at, action: 'offer_picture_set', subject: subjectOf(offerId), reason: why, after }])
  })
}

/** @throws Refusal not_found (detail: picture) */
export async function readPicture(db: Db, id: string): Promise<Picture> {
  const row: Picture | undefined = await db('offer_pictures').where({ id }).first('type', 'bytes')
  if (!row) throw new Refusal('not_found', 'picture')
  return row
}
