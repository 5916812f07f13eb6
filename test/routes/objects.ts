import { randomUUID } from 'node:crypto'
import type { Route } from '../../src/http'
import type { Buyer, World } from '../support/world'

/** A kind of thing that a path names. */
export interface Kind {
  /** Whether it belongs to a member, so that other members and strangers must not learn that it exists. */
  readonly owned: boolean
  /** Makes one, of this member where it has an owner, so complete that every page about it can be shown. */
  make(world: World, owner: Buyer): Promise<string>
  /** A well-formed name of nothing. */
  unknown(): string
  /**
   * Makes one that looks the same from outside and that no member has touched, where the link alone may show something. Whoever is no member must
   * not be able to tell the two apart; without a twin they must not learn that it exists.
   */
  twin?(world: World): Promise<string>
}

/**
 * One maker for each path parameter of the route table, by the pattern up to and including the parameter.
 * A room with a new kind of thing in its paths adds a line here; without it the tests of its routes fail.
 */
const KINDS: Readonly<Record<string, Kind>> = {
  '/assets/:file': { owned: false, make: () => Promise.resolve('app.css'), unknown: () => 'no-such-file.css' },
  '/pay/:id': { owned: true, make: makePaidCheckout, unknown: randomUUID, twin: makeFreshCheckout },
}

const INVOICE = { amount: '12.34', number: 'TWIN-1', description: 'One of two', expirationDate: '2099-01-01T00:00:00+00:00' }

const nameIn = ({ url }: { url: string }): string => new URL(url).pathname.split('/').at(-1) ?? ''

async function makePaidCheckout(world: World, owner: Buyer): Promise<string> {
  const page = await owner.pays(await world.sandbox.invoice(INVOICE))
  if (page.state !== 'paid') throw new Error(`The payment did not go through: ${String(page.state)}`)
  return nameIn(page)
}

async function makeFreshCheckout(world: World): Promise<string> {
  return nameIn(await world.browser().open((await world.sandbox.invoice(INVOICE)).partnerUrl))
}

/** What the routes need in their queries and forms to get past the first check. A field that is not here is tried with odd values alone. */
export const FIELDS: Readonly<Record<string, (world: World) => Promise<string>>> = {
  invoiceId: async (world) => (await world.sandbox.invoice({ amount: '12.34' })).id,
  login: () => Promise.resolve('nobody-of-that-name'),
  password: () => Promise.resolve('a wrong password'),
  consent: () => Promise.resolve('no consent at all'),
}

/** The parameters of a path, each with its pattern up to there. */
export const parametersOf = ({ path }: Pick<Route, 'path'>): string[] =>
  [...path.matchAll(/:\w+/g)].map((match) => path.slice(0, match.index + match[0].length))

/** @throws Error that says what to add, for a parameter nobody has told us about */
export function kindOf(parameter: string): Kind {
  const kind = KINDS[parameter]
  if (!kind)
    throw new Error(
      `No maker for ${parameter}: add one to test/routes/objects.ts, so that its routes are tested with own, foreign and unknown objects.`,
    )
  return kind
}

/** Real objects for every parameter of these routes. */
export async function makeObjects(routes: readonly Route[], world: World, owner: Buyer): Promise<Map<string, string>> {
  const objects = new Map<string, string>()
  for (const parameter of new Set(routes.flatMap(parametersOf))) objects.set(parameter, await kindOf(parameter).make(world, owner))
  return objects
}

/** The path of a route with these in the place of its parameters. */
export function fillPath(route: Pick<Route, 'path'>, objects: ReadonlyMap<string, string>): string {
  return route.path.replace(/:\w+/g, (name, at: number) => objects.get(route.path.slice(0, at + name.length)) ?? name)
}

/** The same objects, but one parameter names nothing. */
export const withUnknown = (objects: ReadonlyMap<string, string>, parameter: string): Map<string, string> =>
  new Map([...objects, [parameter, kindOf(parameter).unknown()]])

/** The same objects, but one parameter names the twin of its object; undefined where there is none. */
export async function withTwin(
  objects: ReadonlyMap<string, string>,
  parameter: string,
  world: World,
): Promise<Map<string, string> | undefined> {
  const twin = await kindOf(parameter).twin?.(world)
  return twin === undefined ? undefined : new Map([...objects, [parameter, twin]])
}
