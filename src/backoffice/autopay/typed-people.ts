import type { ApprovalStep } from '../../autopay'
import { stepsAsText } from '../../autopay'
import type { Db } from '../../shared/database'
import { NotMoney, parseMoney, toDecimal } from '../../shared/money'
import type { StaffMember } from '../../staff'
import { staffByLogin } from '../../staff'

/** People as they are typed, by login, and as requests carry them, by id. */
export interface TypedPeople {
  readonly staff: string
  readonly steps: string
}

export type PeopleRead =
  | { readonly ok: true; readonly people: TypedPeople }
  | { readonly ok: false; readonly unknown: readonly string[] }
  | { readonly ok: false; readonly badLine: string }

const loginsIn = (text: string): string[] =>
  text
    .split(/[\s,;]+/)
    .map((login) => login.trim().toLowerCase())
    .filter((login) => login !== '')

/** Finds everybody who was typed. Nobody is left out silently: a login that means nobody, or somebody who was disabled, is told. */
export async function readPeople(db: Db, typed: TypedPeople): Promise<PeopleRead> {
  const lines = typed.steps.split('\n').filter((line) => line.trim() !== '')
  const parsed = lines.map(parseLine)
  const bad = parsed.indexOf(undefined)
  if (bad !== -1) return { ok: false, badLine: lines[bad]?.trim() ?? '' }
  const steps = parsed.filter((step) => step !== undefined).sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0))
  const assigned = loginsIn(typed.staff)
  const logins = [...new Set([...assigned, ...steps.flatMap((step) => step.approvers)])]
  const found = new Map(
    (await Promise.all(logins.map((login) => findActive(db, login)))).flatMap((staff) => (staff ? [[staff.login, staff.id]] : [])),
  )
  const unknown = logins.filter((login) => !found.has(login))
  if (unknown.length > 0) return { ok: false, unknown }
  const ids = (list: readonly string[]): string[] => list.flatMap((login) => found.get(login) ?? [])
  const byId = steps.map(({ from, approvers }) => ({ from, approvers: ids(approvers) }))
  return { ok: true, people: { staff: ids(assigned).join(' '), steps: stepsAsText(byId) } }
}

const findActive = async (db: Db, login: string): Promise<StaffMember | undefined> => {
  const staff = await staffByLogin(db, login)
  return staff?.disabledAt === null ? staff : undefined
}

/** `50 000: olga, ivan` */
function parseLine(line: string): ApprovalStep | undefined {
  const [amount = '', people = '', ...more] = line.split(':')
  const approvers = loginsIn(people)
  if (more.length > 0 || approvers.length === 0) return undefined
  try {
    const { minor } = parseMoney(amount.replace(/\s/g, '').replace(',', '.'), 'RUB')
    return minor < 0n ? undefined : { from: minor, approvers }
  } catch (error) {
    if (error instanceof NotMoney) return undefined
    throw error
  }
}

/** The same the other way: how it stands in the form. @param logins by `staff:<id>` */
export function typePeople(steps: readonly ApprovalStep[], assigned: readonly string[], logins: ReadonlyMap<string, string>): TypedPeople {
  const named = (ids: readonly string[]): string => ids.map((id) => logins.get(`staff:${id}`) ?? id).join(', ')
  return { staff: named(assigned), steps: steps.map(({ from, approvers }) => `${toDecimal(from)}: ${named(approvers)}`).join('\n') }
}
