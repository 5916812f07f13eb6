import { randomUUID } from 'node:crypto'
import { organisationsOf } from '../../src/autopay'
import type { FlatRule, Organisation, OrganisationPayload } from '../../src/autopay'
import { readConfig } from '../../src/config'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import type { Engine } from '../../src/shared/database'
import { systemClock } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { makeDatabase } from '../support/databases'
import { PASSWORD } from '../support/world'

/** A gateway's parts on a database of their own, without a web server: two pairs of eyes from 10 000 ₽ on. */
export async function makeOffice(engine: Engine, clock = systemClock): Promise<{ parts: Parts; close: () => Promise<void> }> {
  const database = await makeDatabase(engine)
  const config = readConfig({ MODE: 'sandbox', DATABASE_URL: database.url, TWO_EYES_ROUBLES: '10000' }, {})
  const parts = buildParts(config, { log: createLog('silent'), clock })
  return {
    parts,
    async close() {
      await parts.close()
      await database.drop()
    },
  }
}

export const hire = (parts: Parts, role: StaffRole): Promise<StaffActor> =>
  addStaff(parts, { login: `${role}-${randomUUID().slice(0, 8)}`, password: PASSWORD, role, actor: COMMAND_LINE })

let serial = 0

/** An organisation, added by the way of all: its maker is assigned to it. */
export async function found(
  parts: Parts,
  author: StaffActor | typeof COMMAND_LINE,
  of: Partial<OrganisationPayload> = {},
): Promise<Organisation> {
  serial += 1
  const payload = {
    organisationId: randomUUID(),
    name: `ООО ${serial}`,
    vatNumber: String(7_800_000_000 + serial),
    perDay: null,
    perMonth: null,
    steps: '',
    staff: '',
    ...of,
  }
  const submitted = await parts.approvals.submit(parts.deeds.organisations.change, { payload, author, reason: 'test', key: randomUUID() })
  if (submitted.state !== 'done') throw new Error('Adding waits.')
  const made = (await organisationsOf(parts.db, author)).find(({ id }) => id === payload.organisationId)
  if (!made) throw new Error('Whoever adds an organisation does not see it.')
  return made
}

/** A rule as forms send it. */
export const flat = (of: Partial<FlatRule> = {}): FlatRule => ({
  name: 'Связь',
  payerName: null,
  description: null,
  number: null,
  currency: null,
  amountFrom: null,
  amountUpTo: '5000.00',
  issuedWithinDays: null,
  dueWithinDays: null,
  do: 'pay',
  perInvoice: null,
  perPayee: null,
  perDay: '5000.00',
  perMonth: null,
  priority: '100',
  validFrom: null,
  validUntil: null,
  ...of,
})
