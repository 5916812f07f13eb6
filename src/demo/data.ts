import type { Author } from '../shared/actor'
import { parseMoney } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { tell } from '../shared/told'
import { seedDemoCatalogue } from './catalogue'
import { seedDemoOrganisations } from './organisations'
import { depositFund } from '../fund'
import { seedDemoPeople } from '../members'
import { listStaff, setStaffEmail } from '../staff'
import type { Parts } from '../wiring'

/** As much as the sandbox's own fund begins with. */
const DEPOSIT = parseMoney('1000000.00', 'RUB')

/** The demo people and their fund. Running it again changes nothing. @throws Refusal forbidden in production */
export async function seedDemo(parts: Parts, actor: Author): Promise<void> {
  if (parts.config.mode === 'production') throw new Refusal('forbidden', 'demo data does not belong in production')
  await seedDemoPeople(parts)
  await giveStaffAddresses(parts, actor)
  await seedDemoOrganisations(parts)
  await seedDemoCatalogue(parts, actor)
  await depositFund(parts, { amount: DEPOSIT, reason: tell('told.demo_deposit'), key: 'demo', actor })
}

/** Addresses that no letter reaches. One that somebody has set is left. */
async function giveStaffAddresses({ db, staff }: Parts, author: Author): Promise<void> {
  for (const { id, login, email } of await listStaff(db, { limit: 100 }))
    if (email === null) await setStaffEmail(staff, id, `${login}@example.test`, { author, reason: tell('told.demo_data') })
}
