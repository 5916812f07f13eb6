import type { Request } from 'express'
import { z } from 'zod'
import { formToken } from './forgery'

const HALFWAY = z.object({
  staffId: z.string(),
  stamp: z.string(),
  at: z.number(),
  next: z.string().nullable(),
})

/**
 * A member of staff whose password was right and who has to show something more. It stands in the session in a place of its own: no policy looks there, so it opens
 * no route.
 */
export type Halfway = Readonly<z.output<typeof HALFWAY>>

declare module 'express-session' {
  interface SessionData {
    halfway?: Halfway
  }
}

export function halfwayOf(req: Request): Halfway | null {
  const stored = (req.session as Request['session'] | undefined)?.halfway
  return stored === undefined ? null : (HALFWAY.safeParse(stored).data ?? null)
}

/** Notes it in a session under a new id; whatever the old one held is gone. */
export function keepHalfway(req: Request, halfway: Halfway): Promise<void> {
  return new Promise((resolve, reject) => {
    req.session.regenerate((error?: Error | null) => {
      if (error) {
        reject(error)
        return
      }
      req.session.halfway = halfway
      formToken(req)
      req.session.save((failure?: Error | null) => (failure ? reject(failure) : resolve()))
    })
  })
}
