import { engineOf } from '../shared/database'
import type { Db } from '../shared/database'
import { isOneOf, listOf, readRows } from '../shared/gather-reads'
import type { Language } from '../shared/texts'

/** How a member is written to. */
export interface Contact {
  readonly memberId: string
  readonly language: Language
  /** As it was given; null when there is none, or when it was erased. */
  readonly email: string | null
}

/** How these members are written to; one that does not exist is missing from the answer. Personal data: read it when it is used and keep it nowhere. */
export async function readContacts(db: Db, memberIds: readonly string[]): Promise<Contact[]> {
  const engine = engineOf(db)
  const rows = await readRows<{ id: string; language: Language; email: string | null }>(db, {
    sql: `select m.id, m.language, p.email from members m left join member_people p on p.member_id = m.id where m.id ${isOneOf(engine)}`,
    values: [listOf(engine, memberIds)],
  })
  return rows.map(({ id, language, email }) => ({ memberId: id, language, email }))
}
