import { readInvoiceNumbers, readRuleNames } from '../autopay'
import type { StaffActor } from '../shared/actor'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import type { Language } from '../shared/texts'
import { shownLogin } from './members/mask'
import { staffLogins } from './staff-logins'

/** What the subjects of deeds are called, by the subjects as the audit log writes them: logins, numbers of invoices, names and titles. */
export type SubjectNames = ReadonlyMap<string, string>

type Named = ReadonlyMap<string, string>

interface NamesReader {
  readonly staff: StaffActor
  readonly language: Language
  /** Logins of staff, where they are read already. */
  readonly logins?: ReadonlyMap<string, string>
}

interface NamedRow {
  readonly id: string
  readonly name: string
}

/** Reads by the ids of one page. What was erased, or has no name, is left out. */
export async function readSubjectNames(db: Db, subjects: readonly string[], reader: NamesReader): Promise<SubjectNames> {
  const names = new Map<string, string>()
  for (const [kind, read] of Object.entries(readersOf(db, reader))) {
    const ids = idsOf(kind, subjects)
    if (ids.length === 0) continue
    for (const [id, name] of await read(ids)) if (name !== '') names.set(`${kind}:${id}`, name)
  }
  return names
}

const idsOf = (kind: string, subjects: readonly string[]): string[] =>
  [...new Set(subjects)]
    .filter((subject) => subject.startsWith(`${kind}:`))
    .map((subject) => subject.slice(kind.length + 1))
    .filter(looksLikeId)

type ReadNames = (ids: string[]) => Promise<Named>

function readersOf(db: Db, { staff, language, logins: known }: NamesReader): Readonly<Record<string, ReadNames>> {
  const column = (table: 'members' | 'orders' | 'payments' | 'offers' | 'organisations' | 'shops', name: string): ReadNames => {
    return async (ids) =>
      new Map((await db(table).whereIn('id', ids).select<NamedRow[]>('id', `${name} as name`)).map((row) => [row.id, row.name]))
  }
  const logins = column('members', 'login')
  return {
    member: async (ids) => new Map([...(await logins(ids))].map(([id, login]) => [id, shownLogin(login, staff.role)])),
    payment: column('payments', 'invoice_number'),
    order: column('orders', 'number'),
    invoice: (ids) => readInvoiceNumbers(db, ids),
    offer: column('offers', language === 'ru' ? 'title_ru' : 'title_en'),
    organisation: column('organisations', 'name'),
    shop: column('shops', language === 'ru' ? 'title_ru' : 'title_en'),
    rule: (ids) => readRuleNames(db, ids),
    staff: async () => new Map([...(known ?? (await staffLogins(db)))].map(([name, login]) => [name.slice('staff:'.length), login])),
  }
}
