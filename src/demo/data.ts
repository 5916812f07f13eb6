import type { Author } from '../shared/actor'
import { parseMoney } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { seedDemoCatalogue } from './catalogue'
import { seedDemoOrganisations } from './organisations'
import { depositFund } from '../fund'
import { seedDemoPeople } from '../members'
import type { Parts } from '../wiring'

/** As much as the sandbox's own fund begins with. */
const DEPOSIT = parseMoney('1000000.00', 'RUB')

/** The demo people and their fund. Running it again changes nothing. @throws Refusal forbidden in production */
export async function seedDemo(parts: Parts, actor: Author): Promise<void> {
  if (parts.config.mode === 'production') throw new Refusal('forbidden', 'demo data does not belong in production')
  await seedDemoPeople(parts)
  await seedDemoOrganisations(parts)
  await seedDemoCatalogue(parts, actor)
  await depositFund(parts, { amount: DEPOSIT, reason: 'The opening deposit of the demo', key: 'demo', actor })
}
