import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { Rule, RuleBody } from './rule'
import { readBody, ruleForm, USUAL_PRIORITY } from './rule-schema'

interface RuleRow {
  id: string
  organisation_id: string
  version: number | bigint
  state: 'off' | 'on' | 'removed'
  tried_at: Date | string | null
  body: string
}

const toRule = (row: RuleRow): Rule => ({
  id: row.id,
  organisationId: row.organisation_id,
  version: Number(row.version),
  body: readBody(row.body),
  isOn: row.state === 'on',
  triedAt: optionalMoment(row.tried_at),
})

const selectRules = (db: Db) =>
  db('autopay_rules as r')
    .join('autopay_rule_versions as v', (join) => join.on('v.rule_id', 'r.id').andOn('v.version', 'r.version'))
    .whereNot('r.state', 'removed')
    .select('r.id', 'r.organisation_id', 'r.version', 'r.state', 'r.tried_at', 'v.body')

/** Rules of two organisations may have one name. */
const byPriority = (a: Rule, b: Rule): number => a.body.priority - b.body.priority || order(a.body.name, b.body.name) || order(a.id, b.id)
const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** The rules of these organisations in their present version, on and off, the first to apply first. */
export async function readRules(db: Db, organisationIds: readonly string[]): Promise<Rule[]> {
  const rows = (await selectRules(db).whereIn('r.organisation_id', organisationIds)) as RuleRow[]
  return rows.map(toRule).sort(byPriority)
}

/** What rules are called, by their ids, also those that were removed. */
export async function readRuleNames(db: Db, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows = await db('autopay_rules as r')
    .join('autopay_rule_versions as v', (join) => join.on('v.rule_id', 'r.id').andOn('v.version', 'r.version'))
    .whereIn('r.id', [...ids])
    .select<Pick<RuleRow, 'id' | 'body'>[]>('r.id', 'v.body')
  return new Map(rows.map(({ id, body }) => [id, readBody(body).name]))
}

/** A page of the same rules in the same order, those after the one with the id `after`; one that is gone meanwhile leads to the beginning. */
export async function pageRules(
  db: Db,
  organisationIds: readonly string[],
  page: { readonly after: string | undefined; readonly limit: number },
): Promise<Rule[]> {
  const { priority, name } = orderOf(db)
  const query = selectRules(db).whereIn('r.organisation_id', [...organisationIds])
  const last = page.after === undefined ? undefined : await placeOf(db, page.after)
  if (last) void query.whereRaw(`(${priority}, ${name}, r.id) > (?, ?, ?)`, [last.priority, last.name, last.id])
  const rows = (await query.orderByRaw(`${priority}, ${name}, r.id`).limit(page.limit)) as RuleRow[]
  return rows.map(toRule)
}

/** The order of `byPriority` as the databases know it: letters by their codes, and the priority out of the words of the version. */
const orderOf = (db: Db): { priority: string; name: string } =>
  engineOf(db) === 'postgres'
    ? { priority: `coalesce((v.body::json ->> 'priority')::int, ${USUAL_PRIORITY})`, name: 'r.name collate "C"' }
    : { priority: `coalesce(json_extract(v.body, '$.priority'), ${USUAL_PRIORITY})`, name: 'r.name' }

async function placeOf(db: Db, id: string): Promise<{ id: string; name: string; priority: number } | undefined> {
  const rows = (await selectRules(db).where('r.id', id)) as RuleRow[]
  const [rule] = rows.map(toRule)
  return rule && { id, name: rule.body.name, priority: rule.body.priority }
}

/** A rule in its present version. @throws Refusal not_found (detail: rule) when there is none, or it was removed */
export async function readRule(db: Db, id: string): Promise<Rule> {
  const rows = (await selectRules(db).where('r.id', id)) as RuleRow[]
  const [rule] = rows.map(toRule)
  if (!rule) throw new Refusal('not_found', 'rule')
  return rule
}

/** The same by its name. */
export async function ruleByName(db: Db, organisationId: string, name: string): Promise<Rule | undefined> {
  const rows = (await selectRules(db).where({ 'r.organisation_id': organisationId, 'r.name': name })) as RuleRow[]
  return rows.map(toRule)[0]
}

/** Which of these ids name a rule already, removed or not, that is not the present one of that name in the organisation. */
export async function takenIds(
  db: Db,
  ids: readonly string[],
  { organisationId, name }: { organisationId: string; name: string },
): Promise<ReadonlySet<string>> {
  const rows = await db('autopay_rules')
    .whereIn('id', [...ids])
    .select<(Pick<RuleRow, 'id' | 'organisation_id' | 'state'> & { name: string })[]>('id', 'organisation_id', 'state', 'name')
  const others = rows.filter((row) => row.state === 'removed' || row.name !== name || row.organisation_id !== organisationId)
  return new Set(others.map(({ id }) => id))
}

/** Keeps a rule as it is until the transaction ends, then reads it: whoever else changes it waits. */
export async function lockRule(tx: Tx, id: string): Promise<Rule | undefined> {
  if (engineOf(tx) === 'postgres') await tx('autopay_rules').where({ id }).forNoKeyUpdate().select('id')
  const rows = (await selectRules(tx).where('r.id', id)) as RuleRow[]
  return rows.map(toRule)[0]
}

/** One version of a rule as it was written. */
export interface RuleVersion {
  readonly version: number
  readonly body: RuleBody
  readonly at: Date
  /** As the audit log names people. */
  readonly by: string
}

/** All versions of a rule, the newest first; of a removed one as well. */
export async function readVersions(db: Db, ruleId: string): Promise<RuleVersion[]> {
  const rows = (await db('autopay_rule_versions').where({ rule_id: ruleId }).orderBy('version', 'desc')) as {
    version: number | bigint
    body: string
    at: Date | string
    author: string
  }[]
  return rows.map(({ version, body, at, author }) => ({ version: Number(version), body: readBody(body), at: moment(at), by: author }))
}

/** Whether a rule is on, and when this version of it was tried. */
export interface RuleStanding {
  readonly isOn: boolean
  readonly triedAt: Date | null
}

const standingColumns = ({ isOn, triedAt }: RuleStanding) => ({ state: isOn ? 'on' : 'off', tried_at: triedAt && iso(triedAt) })

export interface Writing {
  readonly author: Author
  readonly at: Date
}

export async function insertRule(
  tx: Tx,
  rule: { readonly id: string; readonly organisationId: string; readonly body: RuleBody },
  standing: RuleStanding,
  by: Writing,
): Promise<void> {
  const { id, organisationId, body } = rule
  const row = { id, organisation_id: organisationId, name: body.name, version: 1, created_at: iso(by.at) }
  await tx('autopay_rules').insert({ ...row, ...standingColumns(standing) })
  await insertVersion(tx, { id, version: 1, body }, by)
}

/** Writes the next version of a rule. */
export async function writeVersion(
  tx: Tx,
  rule: { readonly id: string; readonly version: number; readonly body: RuleBody },
  standing: RuleStanding,
  by: Writing,
): Promise<void> {
  await insertVersion(tx, rule, by)
  await tx('autopay_rules')
    .where({ id: rule.id })
    .update({ version: rule.version, name: rule.body.name, ...standingColumns(standing) })
}

async function insertVersion(tx: Tx, rule: { id: string; version: number; body: RuleBody }, { author, at }: Writing): Promise<void> {
  const body = canonicalJson(ruleForm(rule.body))
  await tx('autopay_rule_versions').insert({ rule_id: rule.id, version: rule.version, body, at: iso(at), author: authorName(author) })
}

export const writeStanding = (tx: Tx, id: string, standing: RuleStanding): Promise<number> =>
  tx('autopay_rules').where({ id }).update(standingColumns(standing))

/** A removed rule keeps its versions, and its name is free again. */
export const markRemoved = (tx: Tx, id: string): Promise<number> => tx('autopay_rules').where({ id }).update({ state: 'removed' })
