import type { RequestHandler } from 'express'
import type { PassportStatic } from 'passport'
import { Strategy } from 'passport-local'
import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route, RouteContext } from '../http'
import type { Actor, StaffActor } from '../shared/actor'
import { Refusal } from '../shared/refusals'
import type { MembersDeps } from './member'
import { localPath } from './next-path'
import { presentAccount, presentSignIn } from './present'
import { readStatement } from './read-statement'
import type { StatementDeps } from './read-statement'
import { authenticate } from './sign-in'
import type { Authenticated } from './sign-in'

export interface MemberRoutesDeps extends Omit<MembersDeps, 'ledger'>, StatementDeps {
  /** The Passport of the http room, whose sessions the sign-in begins. */
  readonly passport: PassportStatic
  /** Lets a member of staff in whose password was right, or asks for more first. Answers with the path to go on to. */
  readonly admitStaff: (context: Door, staff: StaffActor, entry: StaffEntry) => Promise<string>
  readonly findTopUps: FindTopUps
}

/** What the account page shows of top-ups. The room that knows them hands it in, with the places its form may lead to. */
export type FindTopUps = (
  memberId: string,
  reader: Pick<RouteContext, 't' | 'language'>,
) => Promise<{ readonly model: object | null; readonly origins: readonly string[] }>

/** What the door of the staff needs of a request. */
export type Door = Pick<RouteContext, 'signIn' | 'signInHalfway' | 'signOut'>

export interface StaffEntry {
  readonly stamp: string
  /** A path of ours to go on to. */
  readonly next: string | undefined
}

const ENTRY_NUMBER = z
  .string()
  .regex(/^[1-9]\d{0,17}$/)
  .transform(BigInt)

/** The doors of this room: signing in and out, and the account page. */
export const memberRoutes = (deps: MemberRoutesDeps): Route[] => [showSignIn, submitSignIn(deps), signOut, showAccount(deps)]

const showSignIn = defineRoute({
  method: 'get',
  path: '/sign-in',
  policy: { kind: 'public' },
  summary: 'Shows the sign-in form; whoever is signed in goes on.',
  input: { query: z.object({ next: z.string().optional() }) },
  handle: ({ actor, input, page, redirect, t }) => {
    const next = localPath(input.query.next)
    if (actor) redirect(next ?? homeOf(actor))
    else page('members/sign-in', presentSignIn({ next }, t))
  },
})

const submitSignIn = (deps: MemberRoutesDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/sign-in',
    policy: { kind: 'public' },
    summary: 'Signs a member or a member of staff in, under a new session id.',
    input: { body: z.object({ login: z.string(), password: z.string(), next: z.string().optional() }) },
    handle: async (context) => {
      const { login, password } = context.input.body
      const next = localPath(context.input.body.next)
      const answer = login && password ? await askPassport(deps, context) : new Refusal('wrong_login_or_password')
      if (answer instanceof Refusal) {
        context.page('members/sign-in', presentSignIn({ next, login, refusal: answer }, context.t), answer.status)
        return
      }
      context.redirect(await admit(deps, context, answer, next))
    },
  })

const signOut = defineRoute({
  method: 'post',
  path: '/sign-out',
  policy: { kind: 'anyone-signed-in' },
  summary: 'Ends the session.',
  handle: async (context) => {
    await context.signOut()
    context.redirect('/')
  },
})

const showAccount = (deps: MemberRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/account',
    policy: { kind: 'member' },
    summary: "Shows the member's own points and what happened to them.",
    input: { query: z.object({ before: ENTRY_NUMBER.optional() }) },
    handle: async ({ member, input, language, t, page, formsMayLeadTo }) => {
      const [statement, topUps] = await Promise.all([
        readStatement(deps, member.id, input.query.before),
        deps.findTopUps(member.id, { t, language }),
      ])
      for (const origin of topUps.origins) formsMayLeadTo(origin)
      page('members/account', { ...presentAccount(statement, language, t), topUps: topUps.model })
    },
  })

async function admit(deps: MemberRoutesDeps, door: Door, { actor, stamp }: Authenticated, next: string | undefined): Promise<string> {
  if (actor.kind === 'staff') return deps.admitStaff(door, actor, { stamp, next })
  await door.signIn(actor)
  return next ?? homeOf(actor)
}

const homeOf = (actor: Actor): string => (actor.kind === 'member' ? '/account' : '/admin')

/** Asks Passport's local strategy. It would take credentials from the address as well, so it is asked only when the form has both. */
function askPassport(
  deps: MemberRoutesDeps,
  { req, res, address }: Pick<RouteContext, 'req' | 'res' | 'address'>,
): Promise<Authenticated | Refusal> {
  const strategy = new Strategy({ usernameField: 'login', session: false }, (login, password, done) => {
    authenticate(deps, { login, password, address }).then(
      (authenticated) => done(null, authenticated as unknown as Express.User),
      (error: unknown) => (error instanceof Refusal ? done(null, false, error) : done(error)),
    )
  })
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, authenticated: Authenticated | false, refusal: Refusal): void =>
      error ? reject(error) : resolve(authenticated || refusal)
    const ask = deps.passport.authenticate(strategy, { session: false }, answered) as RequestHandler
    void ask(req, res, reject)
  })
}
