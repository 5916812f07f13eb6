import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Response } from 'express'
import type { Download } from '../shared/download'

/**
 * Sends a file piece by piece, as fast as the reader takes it. What fails before the first piece becomes an error page; what fails later breaks the download off,
 * so that half a file is never taken for a whole one.
 */
export async function sendDownload(res: Response, { name, type, pieces }: Download): Promise<void> {
  const source = pieces[Symbol.asyncIterator]()
  const first = await source.next()
  res.set({ 'Content-Type': type, 'Content-Disposition': `attachment; filename="${name}"` })
  await pipeline(Readable.from(following(first, source)), res).catch((error: unknown) => {
    // Whoever closes the window before the end is no fault of ours.
    if ((error as { code?: unknown }).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error
  })
}

async function* following<T>(first: IteratorResult<T>, source: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    for (let piece = first; piece.done !== true; piece = await source.next()) yield piece.value
  } finally {
    await source.return?.()
  }
}
