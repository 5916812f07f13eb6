import { randomUUID } from 'node:crypto'
import type { Route } from '../../src/http'
import {
  beginRun,
  carryOutRun,
  changeRule,
  delegate,
  delegationsOf,
  readOrganisations,
  requireOrganisation,
  takeIn,
} from '../../src/autopay'
import { addThreshold, listThresholds } from '../../src/fund'
import { listViews, saveView } from '../../src/backoffice/payments/view-store'
import { listNotifications } from '../../src/orders'
import { findOffer, saveShop, setPicture } from '../../src/storefront'
import { listDifferences, reconcile } from '../../src/reconciliation'
import { COMMAND_LINE } from '../../src/shared/actor'
import { openAlerts } from '../../src/shared/alerts'
import { inTransaction } from '../../src/shared/database'
import { parseMoney } from '../../src/shared/money'
import { Shop } from '../orders/shop'
import { StaffPerson } from '../support/staff'
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
  '/admin/members/:id': { owned: false, make: (_world, owner) => Promise.resolve(owner.id), unknown: randomUUID },
  '/admin/staff/:id': { owned: false, make: async (world) => (await StaffPerson.make(world, 'viewer')).actor.id, unknown: randomUUID },
  '/admin/approvals/:id': { owned: false, make: makeRequest, unknown: randomUUID },
  '/admin/autopay/queue/:tab': { owned: false, make: () => Promise.resolve('mine'), unknown: () => 'nobodys' },
  '/admin/autopay/invoices/:id': { owned: false, make: makeBill, unknown: randomUUID },
  '/admin/autopay/runs/:id': { owned: false, make: makeRun, unknown: randomUUID },
  '/admin/autopay/turns/:id': { owned: false, make: makeTurn, unknown: randomUUID },
  '/admin/autopay/organisations/:id': { owned: false, make: makeOrganisation, unknown: randomUUID },
  '/admin/autopay/rules/:id': { owned: false, make: makeRule, unknown: randomUUID },
  '/admin/fund/thresholds/:id': { owned: false, make: makeThreshold, unknown: randomUUID },
  '/admin/payments/:id': { owned: false, make: makePayment, unknown: randomUUID },
  '/admin/payment-views/:id': { owned: false, make: makeView, unknown: randomUUID },
  '/admin/reconciliation/:id': { owned: false, make: makeDifference, unknown: randomUUID },
  '/admin/orders/:number': { owned: false, make: makeOrder, unknown: () => 'TU-2222-2222' },
  '/admin/notifications/:id': { owned: false, make: makeNotification, unknown: randomUUID },
  '/account/top-ups/:number': { owned: true, make: makeOrder, unknown: () => 'TU-2222-2222' },
  '/admin/catalogue/:id': { owned: false, make: makeOffer, unknown: randomUUID },
  '/admin/shops/:id': { owned: false, make: makeStore, unknown: randomUUID },
  '/catalogue/pictures/:id': { owned: false, make: makePicture, unknown: randomUUID },
  '/admin/notices/:id': { owned: false, make: makeNotice, unknown: randomUUID },
  '/admin/alerts/:id': { owned: false, make: makeAlert, unknown: randomUUID },
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

async function makeRequest(world: World): Promise<string> {
  const author = { kind: 'staff', id: randomUUID(), login: 'maker', role: 'operator' } as const
  const order = { payload: { roubles: '6000000.00' }, author, reason: 'A test', key: randomUUID() }
  const submitted = await world.parts.approvals.submit(world.parts.deeds.fund.deposit, order)
  if (submitted.state !== 'waiting') throw new Error('The request does not wait.')
  return submitted.request.id
}

async function makeThreshold({ db, parts }: World): Promise<string> {
  await addThreshold(parts, { amount: parseMoney('100.00', 'RUB'), author: COMMAND_LINE })
  const [threshold] = await listThresholds(db)
  return threshold?.id ?? ''
}

let organisations = 0

async function makeOrganisation({ parts }: World): Promise<string> {
  // A tax number is one organisation's.
  const vatNumber = String(7_900_000_000 + (organisations += 1))
  const payload = { organisationId: randomUUID(), name: 'ООО «Ромашка»', vatNumber, perDay: null, perMonth: null, steps: '', staff: '' }
  await parts.deeds.organisations.change.perform(payload, { author: COMMAND_LINE, reason: 'A test', key: randomUUID() })
  return payload.organisationId
}

/** An invoice of an organisation, read but not decided about. */
async function makeBill(world: World): Promise<string> {
  const organisationId = await makeOrganisation(world)
  const { vatNumber } = await requireOrganisation(world.db, COMMAND_LINE, organisationId)
  const { id } = await world.sandbox.invoice({ amount: '12.34', customer: { type: 'legal', name: 'ООО «Ромашка»', vatNumber } })
  await takeIn(world.parts, await readOrganisations(world.db), { invoiceId: id })
  return id
}

async function makeRun(world: World): Promise<string> {
  const run = await beginRun(world.parts, { author: COMMAND_LINE, scope: { invoiceId: await makeBill(world) } })
  if (run) await carryOutRun(world.parts, run)
  return run?.id ?? ''
}

async function makeTurn(world: World): Promise<string> {
  const [from, to] = [await StaffPerson.make(world, 'approver'), await StaffPerson.make(world, 'approver')]
  const beginsAt = world.clock.now()
  const endsAt = new Date(beginsAt.getTime() + 86_400_000)
  await delegate(world.parts, { toStaff: to.actor.id, beginsAt, endsAt, author: from.actor })
  return (await delegationsOf(world.db, from.actor.id, beginsAt))[0]?.id ?? ''
}

async function makeRule(world: World): Promise<string> {
  const [ruleId, organisationId] = [randomUUID(), await makeOrganisation(world)]
  const body = { name: 'Связь', when: {}, do: 'ask', limits: {}, priority: 1 } as const
  const change = { ruleId, organisationId, basedOn: 0, body, enabled: true }
  await changeRule(world.parts, change, { author: COMMAND_LINE, reason: 'A test' })
  return ruleId
}

async function makeNotice({ db, clock }: World): Promise<string> {
  const [id, at] = [randomUUID(), clock.now().toISOString()]
  const kept = { channel: 'mail', topic: 'receipt', source: randomUUID(), recipient: `member:${randomUUID()}`, language: 'ru', data: '{}' }
  await db('notices').insert({
    id,
    ...kept,
    state: 'failed',
    attempts: 1,
    created_at: at,
    next_attempt_at: at,
    give_up_at: at,
    last_error: 'EENVELOPE 550',
  })
  return id
}

async function makePayment(world: World, owner: Buyer): Promise<string> {
  await makePaidCheckout(world, owner)
  return (await world.payments())[0]?.id ?? ''
}

async function makeOrder(world: World, owner: Buyer): Promise<string> {
  return (await new Shop(world).buys(owner, '12.34')).number
}

async function makeOffer({ parts }: World): Promise<string> {
  const offerId = randomUUID()
  const texts = {
    titleRu: 'Кофе',
    titleEn: 'Coffee',
    textRu: '',
    textEn: '',
    price: '250.00',
    chips: '',
    vatCode: 'VATNONE',
    metaValues: '',
  } as const
  const none = { least: null, most: null, perPerson: null, metaKey: null, activeFrom: null, activeUntil: null }
  const offer = { offerId, type: 'voucher', ...texts, ...none, position: '1', enabled: true, lowStock: '0' } as const
  await parts.deeds.offers.change.perform(offer, { author: COMMAND_LINE, reason: 'A test', key: offerId })
  return offerId
}

async function makePicture(world: World): Promise<string> {
  const offerId = await makeOffer(world)
  const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=='
  const bytes = Buffer.from(onePixel, 'base64')
  await setPicture(world.parts, { offerId, bytes, author: COMMAND_LINE, reason: 'A test' })
  return (await findOffer(world.db, offerId))?.picture?.id ?? ''
}

async function makeStore({ parts }: World): Promise<string> {
  const [shopId, words] = [randomUUID(), { ru: 'Кофейня', en: 'Coffee' }]
  await saveShop(parts, {
    shopId,
    title: words,
    text: words,
    address: '',
    link: '',
    position: 1,
    isShown: true,
    author: COMMAND_LINE,
    reason: 'A test',
  })
  return shopId
}

async function makeNotification(world: World, owner: Buyer): Promise<string> {
  const shop = new Shop(world)
  await shop.tells(shop.notification(await shop.buys(owner, '12.34')))
  const [logged] = await listNotifications(world.db, {}, { limit: 1 })
  return logged?.id ?? ''
}

async function makeView(world: World): Promise<string> {
  const { actor } = await StaffPerson.make(world, 'viewer')
  const view = { staffId: actor.id, section: 'payments', name: 'A test', query: 'state=review', at: world.clock.now() }
  await inTransaction(world.db, (tx) => saveView(tx, view))
  return (await listViews(world.db, actor.id, 'payments'))[0]?.id ?? ''
}

async function makeDifference(world: World): Promise<string> {
  const { id } = await world.sandbox.invoice({ amount: '12.34', status: 'paid' })
  await reconcile(world.parts, { author: COMMAND_LINE, resolves: false })
  return (await listDifferences(world.db, {}, { limit: 100 })).find(({ invoiceId }) => invoiceId === id)?.id ?? ''
}

async function makeAlert(world: World): Promise<string> {
  const alert = { kind: 'clock_off', subject: randomUUID(), detail: 'A test.', at: world.clock.now() } as const
  await inTransaction(world.db, (tx) => openAlerts(tx, [alert]))
  return (await world.alerts()).find(({ subject }) => subject === alert.subject)?.id ?? ''
}

/** What the routes need in their queries and forms to get past the first check. A field that is not here is tried with odd values alone. */
export const FIELDS: Readonly<Record<string, (world: World) => Promise<string>>> = {
  invoiceId: async (world) => (await world.sandbox.invoice({ amount: '12.34' })).id,
  login: () => Promise.resolve('nobody-of-that-name'),
  password: () => Promise.resolve('a wrong password'),
  code: () => Promise.resolve('000000'),
  current: () => Promise.resolve('a wrong password'),
  role: () => Promise.resolve('viewer'),
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
