import type { Request, RequestHandler, Response } from 'express'
import { Passport } from 'passport'
import type { PassportStatic } from 'passport'
import { z } from 'zod'
import { STAFF_ROLES } from '../shared/actor'
import type { Actor } from '../shared/actor'
import { formToken } from './forgery'
import { seenOf } from './seen'

const ACTOR = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('member'), id: z.string(), login: z.string() }),
  z.object({ kind: z.literal('staff'), id: z.string(), login: z.string(), role: z.enum(STAFF_ROLES) }),
])

/** A Passport of our own. The session holds the actor itself, so a request learns who is asking without another database round trip. */
export function createPassport(): PassportStatic {
  const passport = new Passport() as unknown as PassportStatic
  passport.serializeUser((req: Request, user: Express.User, done: (error: unknown, actor?: unknown) => void) => {
    // The new session gets its form token at once, so that the first page after sign-in need not write the session again.
    formToken(req)
    const actor = ACTOR.parse(user)
    // Noted once, here, so that a list of one's sessions costs no write per request.
    if (actor.kind === 'staff') req.session.seen = seenOf(req)
    done(null, actor)
  })
  return passport
}

/**
 * Reads the actor out of the session, as Passport's own `session()` does: an actor that cannot be read is taken out of it. Passport's way there prepares every request for
 * somebody who signs in, which hardly any does.
 */
export const readActor: RequestHandler = (req, _res, next) => {
  const stored: unknown = req.session.passport?.user
  const actor = stored === undefined ? undefined : ACTOR.safeParse(stored)
  if (actor?.success) req.user = actor.data
  else if (actor) delete req.session.passport?.user
  next()
}

/** Whoever is signed in, or null. Null too on routes that do not look at the session. */
export const actorOf = (req: Request): Actor | null => (req.user as Actor | undefined) ?? null

/** Signs the actor in under a new session id. */
export const signIn = (passport: PassportStatic, req: Request, res: Response, actor: Actor): Promise<void> =>
  withPassport(passport, req, res, (done) => req.logIn(actor, done))

export const signOut = (passport: PassportStatic, req: Request, res: Response): Promise<void> =>
  withPassport(passport, req, res, (done) => req.logOut(done))

type Done = (error?: Error | null) => void

/** Gives the request what Passport works with, then does the work. */
function withPassport(passport: PassportStatic, req: Request, res: Response, work: (done: Done) => void): Promise<void> {
  const prepare = passport.initialize({ compat: false })
  return new Promise((resolve, reject) => {
    prepare(req, res, () => work((error) => (error ? reject(error) : resolve())))
  })
}
