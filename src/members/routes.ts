import type { RequestHandler } from 'express'
import type { PassportStatic } from 'passport'
import { Strategy } from 'passport-local'
import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route, RouteContext } from '../http'
import type { Actor } from '../shared/actor'
import { Refusal } from '../shared/refusals'
import type { MembersDeps } from './member'
import { localPath } from './next-path'
import { presentAccount, presentSignIn } from './present'
import { readStatement } from './read-statement'
import type { StatementDeps } from './read-statement'
import { signIn } from './sign-in'

export interface MemberRoutesDeps extends Omit<MembersDeps, 'ledger'>, StatementDeps {
  /** The Passport of the http room, whose sessions the sign-in begins. */
  readonly passport: PassportStatic
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
      const answer = login && password ? await authenticate(deps, context) : new Refusal('wrong_login_or_password')
      if (answer instanceof Refusal) {
        context.page('members/sign-in', presentSignIn({ next, login, refusal: answer }, context.t), answer.status)
        return
      }
      await context.signIn(answer)
      context.redirect(next ?? homeOf(answer))
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
    handle: async ({ member, input, language, t, page }) => {
      page('members/account', presentAccount(await readStatement(deps, member.id, input.query.before), language, t))
    },
  })

const homeOf = (actor: Actor): string => (actor.kind === 'member' ? '/account' : '/')

/** Asks Passport's local strategy. It would take credentials from the address as well, so it is asked only when the form has both. */
function authenticate(
  deps: MemberRoutesDeps,
  { req, res, address }: Pick<RouteContext, 'req' | 'res' | 'address'>,
): Promise<Actor | Refusal> {
  const strategy = new Strategy({ usernameField: 'login', session: false }, (login, password, done) => {
    signIn(deps, { login, password, address }).then(
      (actor) => done(null, actor),
      (error: unknown) => (error instanceof Refusal ? done(null, false, error) : done(error)),
    )
  })
  return new Promise((resolve, reject) => {
    const answered = (error: Error | null, actor: Actor | false, refusal: Refusal): void =>
      error ? reject(error) : resolve(actor || refusal)
    const ask = deps.passport.authenticate(strategy, { session: false }, answered) as RequestHandler
    void ask(req, res, reject)
  })
}
