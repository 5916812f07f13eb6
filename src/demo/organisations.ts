import { changeRule, organisationByVat, parseRuleFile, ruleByName, setContacts } from '../autopay'
import type { RuleEntry } from '../autopay'
import type { Author } from '../shared/actor'
import { newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { tell } from '../shared/told'
import { staffByLogin } from '../staff'
import type { Parts } from '../wiring'

const DEMO: Author = { kind: 'system', name: 'demo-data' }
const REASON = tell('told.demo_data')

interface DemoOrganisation {
  readonly vatNumber: string
  readonly name: string
  readonly perDay: string
  readonly perMonth: string
  /** Logins. */
  readonly staff: readonly string[]
  readonly steps: readonly { readonly from: string; readonly approvers: readonly string[] }[]
  readonly contacts: readonly string[]
}

const ORGANISATIONS: readonly DemoOrganisation[] = [
  {
    vatNumber: '7710044140',
    name: 'ООО «Ромашка»',
    perDay: '1000000.00',
    perMonth: '5000000.00',
    staff: ['operator', 'approver', 'support', 'viewer'],
    steps: [
      { from: '20000.00', approvers: ['operator', 'approver'] },
      { from: '100000.00', approvers: ['admin', 'approver'] },
    ],
    contacts: ['buh@romashka.example'],
  },
  {
    vatNumber: '7702070139',
    name: 'АО «Василёк»',
    perDay: '100000.00',
    perMonth: '500000.00',
    staff: ['operator', 'approver'],
    steps: [],
    contacts: ['buh@vasilek.example'],
  },
]

/** One rule of each kind, narrow enough that an invoice somebody makes up meets none of them. */
const RULES = `
rules:
  - name: Юридические услуги смотрит человек
    organisation: '7710044140'
    when: { description: '*юридическ*' }
    do: hold
    priority: 5
  - name: Связь и интернет
    organisation: '7710044140'
    when: { description: '*услуги связи*', amountUpTo: 15000, currency: RUB }
    do: pay
    limits: { day: 50000, month: 300000 }
    priority: 10
  - name: Аренда
    organisation: '7710044140'
    when: { description: '*аренда*', amountUpTo: 300000 }
    do: ask
    limits: { invoice: 150000, month: 600000 }
    priority: 20
  - name: Канцелярия
    organisation: '7710044140'
    when: { description: '*канцтовары*' }
    do: pay
    limits: { invoice: 5000, payee: 10000, day: 20000 }
    priority: 50
  - name: Срочные поставки
    organisation: '7710044140'
    enabled: false
    when: { description: '*поставка*', dueWithinDays: 3 }
    do: pay
    limits: { invoice: 40000, day: 80000 }
    priority: 15
  - name: Питание сотрудников
    organisation: '7702070139'
    when: { description: '*питание*', amountUpTo: 20000 }
    do: pay
    limits: { day: 40000 }
    priority: 10
`

/** The demo's organisations with their rules and staff. Automatic payment is off. What is there already is left as somebody has made it. */
export async function seedDemoOrganisations(parts: Parts): Promise<void> {
  for (const organisation of ORGANISATIONS) await addUnlessThere(parts, organisation)
  const checked = parseRuleFile(RULES)
  if (!checked.ok) throw new Error('bug: the rules of the demo are wrong')
  for (const entry of checked.value) await addRule(parts, entry)
}

async function addUnlessThere(parts: Parts, { vatNumber, name, perDay, perMonth, ...people }: DemoOrganisation): Promise<void> {
  if (await exists(parts, vatNumber)) return
  const organisationId = newId()
  const lines = await Promise.all(people.steps.map(async ({ from, approvers }) => `${from} ${await idsOf(parts, approvers)}`))
  const payload = { organisationId, vatNumber, name, perDay, perMonth, steps: lines.join('; '), staff: await idsOf(parts, people.staff) }
  await parts.deeds.organisations.change.perform(payload, { author: DEMO, reason: REASON, key: newId() })
  await setContacts(parts, { organisationId, contacts: people.contacts, author: DEMO, reason: REASON })
}

async function exists({ db }: Parts, vatNumber: string): Promise<boolean> {
  try {
    await organisationByVat(db, DEMO, vatNumber)
    return true
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return false
    throw error
  }
}

async function idsOf({ db }: Parts, logins: readonly string[]): Promise<string> {
  const staff = await Promise.all(logins.map((login) => staffByLogin(db, login)))
  return staff.flatMap((one) => (one && one.disabledAt === null ? [one.id] : [])).join(' ')
}

async function addRule(parts: Parts, { organisation, enabled, body }: RuleEntry): Promise<void> {
  const { id: organisationId } = await organisationByVat(parts.db, DEMO, organisation)
  if (await ruleByName(parts.db, organisationId, body.name)) return
  await changeRule(parts, { ruleId: newId(), organisationId, basedOn: 0, body, enabled }, { author: DEMO, reason: REASON })
}
