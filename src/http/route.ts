import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { Actor, MemberActor, StaffActor } from '../shared/actor'
import type { Language, Translate } from '../shared/texts'
import type { Halfway } from './halfway'
import type { ActorUnder, Policy } from './policies'

/**
 * What a request may bring. Parameters and body are checked before the handler runs: a path that cannot exist is a 404, an unknown body key or an odd
 * value is a 400. Unknown query keys are ignored, since links collect them on their way.
 */
export interface Schemas {
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodObject
}

export type Input<S extends Schemas> = { readonly [Part in keyof S]: S[Part] extends z.ZodObject ? z.output<S[Part]> : never }

/** So many requests in so many seconds from one network address, in this process. The pages still answer above it: with 429. */
export interface AddressLimit {
  readonly requests: number
  readonly perSeconds: number
}

/** What a handler gets. */
export interface RouteContext<S extends Schemas = Schemas, P extends Policy = Policy> {
  readonly req: Request
  readonly res: Response
  readonly input: Input<S>
  /** Whoever is signed in, narrowed by the policy. */
  readonly actor: ActorUnder<P>
  /** The actor again where the policy says member, otherwise null. */
  readonly member: P['kind'] extends 'member' ? MemberActor : null
  /** The actor again where the policy says staff, otherwise null. */
  readonly staff: P['kind'] extends 'staff' ? StaffActor : null
  /** The network address that limits count by: an IPv4 address, or the /64 network of an IPv6 one. */
  readonly address: string
  readonly language: Language
  readonly t: Translate
  /** The reference code of this request: in the log, in `X-Request-Id`, and on the page. */
  readonly requestId: string
  /** Answers with a view. `model` is everything the view will see besides the texts and the layout. */
  readonly page: (view: string, model: object, status?: number) => void
  /** Answers 303 to a path of our own. */
  readonly redirect: (path: string) => void
  /** Lets the forms of this answer be redirected to another site: `href` comes from storage. A path of ours changes nothing. */
  readonly formsMayLeadTo: (href: string) => void
  /** Answers 303 to a link from storage, of another site or of ours. The page with the form must have called `formsMayLeadTo`. */
  readonly redirectOut: (href: string) => void
  /** Signs the actor in under a new session id; what the old session held is gone. */
  readonly signIn: (actor: Actor) => Promise<void>
  /** Whoever has given the right password and must show something more; nobody is signed in by that. */
  readonly halfway: Halfway | null
  /** Notes such a person under a new session id. */
  readonly signInHalfway: (halfway: Halfway) => Promise<void>
  readonly signOut: () => Promise<void>
}

/** One line of the route table. */
export interface Route {
  readonly method: 'get' | 'post'
  readonly path: string
  readonly policy: Policy
  /** One sentence for the table in the documents and in the tests. */
  readonly summary: string
  readonly input?: Schemas
  /** Only for machine calls that are signed: they get the raw body as a Buffer in `req.body`, and no session. `csrfReason` says how they prove themselves. */
  readonly csrf?: false
  readonly csrfReason?: string
  /** A form that acts for nobody who is signed in: with `csrf: false` and no session, it is read as a form all the same, and refused where it comes from another site. */
  readonly anonymousForm?: true
  /** Whose pages may show the answer in a frame, as sources of a content security policy. Without it nobody's may. */
  readonly framedBy?: readonly string[]
  /** `false`: the route never looks at the session, so it costs no database round trip. */
  readonly session?: false
  readonly limit?: AddressLimit
  /** The form may bring files, as `multipart/form-data` of at most 320 KB; the body then holds each as a Buffer. */
  readonly upload?: true
  /** For callers that want an answer of their own form whatever goes wrong, overload and an unreadable body included: instead of the error page. */
  readonly answerFault?: (res: Response, error: unknown) => void
  handle(context: RouteContext): Promise<void> | void
}

type TypedRoute<S extends Schemas, P extends Policy> = Omit<Route, 'policy' | 'input' | 'handle'> & {
  readonly policy: P
  readonly input?: S
  handle(context: RouteContext<S, P>): Promise<void> | void
}

interface NoSchemas {
  readonly params?: never
  readonly query?: never
  readonly body?: never
}

/** Declares a route; the handler's `input` and `actor` get their types from `input` and `policy`. */
export function defineRoute<const P extends Policy, S extends Schemas = NoSchemas>(route: TypedRoute<S, P>): Route {
  return route
}
