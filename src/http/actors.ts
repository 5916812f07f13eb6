import type { Request } from 'express'
import { Passport } from 'passport'
import type { PassportStatic } from 'passport'
import { z } from 'zod'
import { STAFF_ROLES } from '../shared/actor'
import type { Actor } from '../shared/actor'
import { formToken } from './forgery'

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
    done(null, ACTOR.parse(user))
  })
  passport.deserializeUser((stored: unknown, done: (error: unknown, user?: Express.User | false) => void) => {
    const actor = ACTOR.safeParse(stored)
    done(null, actor.success ? actor.data : false)
  })
  return passport
}

/** Whoever is signed in, or null. Null too on routes that do not look at the session. */
export const actorOf = (req: Request): Actor | null => (req.user as Actor | undefined) ?? null

export const signIn = (req: Request, actor: Actor): Promise<void> =>
  new Promise((resolve, reject) => {
    req.logIn(actor, (error?: Error | null) => (error ? reject(error) : resolve()))
  })

export const signOut = (req: Request): Promise<void> =>
  new Promise((resolve, reject) => {
    req.logOut((error?: Error | null) => (error ? reject(error) : resolve()))
  })
