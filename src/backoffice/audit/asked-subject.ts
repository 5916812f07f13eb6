import { invoiceIdsByNumber, organisationsOf, readRules } from '../../autopay'
import { findMember, searchMembers } from '../../members'
import { listOrders } from '../../orders'
import { searchPayments } from '../../payments'
import { listShops, readOffers } from '../../storefront'
import type { StaffActor } from '../../shared/actor'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { noteSearched } from '../note-searched'
import { isSubjectKind, SUBJECT_KINDS } from '../subject'
import type { SubjectKind } from '../subject'

/** What there is one of, by how the log calls it. */
export const WHOLE_SUBJECTS = ['audit', 'autopay', 'fund', 'guests', 'ledger', 'members', 'orders', 'payments', 'reconciliation'] as const

/** The longest number of an order, or id of one, that is looked for. */
const MOST_ORDER_NAME = 36
/** More things of one name are not looked for. */
const MOST_NAMED = 100

export interface SubjectQuery {
  /** As the log writes it, such as `member:…`: what links carry. */
  readonly subject?: string | undefined
  /** What was chosen and typed in the form. */
  readonly kind?: string | undefined
  readonly name?: string | undefined
}

export interface AskedSubject<Q> {
  /** The filters with the subject as the log writes it where one alone was asked for, so that what was typed stands in no further address. */
  readonly query: Q
  /** Undefined where the log is not filtered by them. */
  readonly subjects: readonly string[] | undefined
  /** A kind was chosen, but not which one. */
  readonly isUnnamed: boolean
}

interface Finder {
  readonly db: Db
  readonly clock: Clock
  readonly staff: StaffActor
  readonly logins: ReadonlyMap<string, string>
}

/** Takes what people know, such as a login or a number, for what the log calls it. */
export async function askedSubject<Q extends SubjectQuery>(finder: Finder, query: Q): Promise<AskedSubject<Q>> {
  const { subject, kind = '', name = '' } = query
  const of = (found: string): Q => ({ ...query, subject: found, kind: undefined, name: undefined })
  if (name !== '' && !isWhole(kind)) {
    const subjects = await subjectsNamed(finder, kind, name)
    const [only, other] = subjects
    const asked = only !== undefined && other === undefined ? of(only) : { ...query, subject: undefined }
    return { query: asked, subjects, isUnnamed: false }
  }
  if (isWhole(kind)) return { query: of(kind), subjects: [kind], isUnnamed: false }
  if (subject) return { query: of(subject), subjects: [subject], isUnnamed: false }
  return { query: { ...query, kind: undefined, name: undefined, subject: undefined }, subjects: undefined, isUnnamed: isSubjectKind(kind) }
}

const isWhole = (kind: string): boolean => WHOLE_SUBJECTS.some((whole) => whole === kind)

async function subjectsNamed(finder: Finder, kind: string, name: string): Promise<string[]> {
  const subjects = new Set<string>(kind === '' && (name.includes(':') || isWhole(name)) ? [name] : [])
  for (const one of isSubjectKind(kind) ? [kind] : SUBJECT_KINDS) {
    // Whatever has an id was perhaps erased, and the log knows it still.
    if (looksLikeId(name)) subjects.add(`${one}:${name.toLowerCase()}`)
    for (const id of await FINDERS[one](finder, name)) subjects.add(`${one}:${id}`)
  }
  return [...subjects]
}

type Find = (finder: Finder, name: string) => Promise<readonly string[]>

const FINDERS: Readonly<Record<SubjectKind, Find>> = {
  member: findMembers,
  payment: async ({ db }, name) => idsOf(await searchPayments(db, name, MOST_NAMED)),
  staff: ({ logins }, name) =>
    Promise.resolve([...logins].flatMap(([staff, login]) => (isSame(login, name) ? [staff.slice('staff:'.length)] : []))),
  order: async ({ db }, name) => (name.length > MOST_ORDER_NAME ? [] : idsOf(await listOrders(db, { name }, { limit: MOST_NAMED }))),
  invoice: ({ db }, name) => invoiceIdsByNumber(db, name, MOST_NAMED),
  offer: async ({ db }, name) => idsOf((await readOffers(db)).filter((offer) => isTitle(offer, name))),
  shop: async ({ db }, name) => idsOf((await listShops(db, { words: name })).filter((shop) => isTitle(shop, name))),
  organisation: async ({ db, staff }, name) =>
    idsOf((await organisationsOf(db, staff)).filter((one) => one.vatNumber === name || isSame(one.name, name))),
  rule: async ({ db, staff }, name) =>
    idsOf((await readRules(db, idsOf(await organisationsOf(db, staff)))).filter((rule) => isSame(rule.body.name, name))),
}

/** That somebody was found by what is theirs is written down, as for any search. */
async function findMembers({ db, clock, staff }: Finder, name: string): Promise<readonly string[]> {
  if (looksLikeId(name)) return []
  const known = await findMember(db, name)
  const found = idsOf(known ? [known] : await searchMembers(db, name, MOST_NAMED, { whole: true }))
  await noteSearched({ db, clock }, staff, found)
  return found
}

const idsOf = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id)

const isSame = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

const isTitle = ({ title }: { readonly title: Readonly<Record<'ru' | 'en', string>> }, name: string): boolean =>
  isSame(title.ru, name) || isSame(title.en, name)
