import { create } from 'qrcode'

/** A QR code as one path of squares, which a view draws without a picture from elsewhere and without a style of its own. */
export interface QrPath {
  /** The code is so many squares wide, its quiet zone included. */
  readonly size: number
  readonly path: string
}

/** The zone around the code that the standard asks to be left empty. */
const QUIET = 4

export function qrPath(text: string): QrPath {
  const { modules } = create(text, { errorCorrectionLevel: 'M' })
  const squares = Array.from({ length: modules.size * modules.size }, (_, at) => at)
    .filter((at) => modules.data[at])
    .map((at) => `M${(at % modules.size) + QUIET} ${Math.floor(at / modules.size) + QUIET}h1v1h-1z`)
  return { size: modules.size + 2 * QUIET, path: squares.join('') }
}
