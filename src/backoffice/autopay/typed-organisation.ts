import { Refusal } from '../../shared/refusals'
import type { Translate } from '../../shared/texts'
import type { AutopayRulePagesDeps } from './deps'
import type { OrganisationForm } from './present-organisations'
import type { PeopleRead } from './typed-people'

/* What was typed into the form of an organisation: as a payload, as it was typed, and what is wrong with it in a sentence. */

interface Speaker {
  readonly t: Translate
}

export const typedOf = ({ name, vatNumber, perDay, perMonth, staff, steps }: OrganisationForm): Record<keyof OrganisationForm, string> => ({
  name,
  vatNumber,
  perDay,
  perMonth,
  staff,
  steps,
})

export const peopleFault = (read: Exclude<PeopleRead, { ok: true }>, { t }: Speaker): string =>
  'badLine' in read
    ? t('autopay.organisation.bad_steps', { line: read.badLine.slice(0, 100) })
    : t('autopay.organisation.unknown_login', { logins: read.unknown.join(', ') })

type Payload = ReturnType<typeof payloadOf>

export const payloadOf = (
  { name, vatNumber, perDay, perMonth }: OrganisationForm,
  organisationId: string,
  { people }: Extract<PeopleRead, { ok: true }>,
) => ({
  organisationId,
  name,
  vatNumber,
  perDay: perDay === '' ? null : perDay,
  perMonth: perMonth === '' ? null : perMonth,
  ...people,
})

/** The first field that the deed itself would refuse, in a sentence; null when there is none. */
export function faultOf({ deeds }: AutopayRulePagesDeps, payload: Payload, { t }: Speaker): string | null {
  const checked = deeds.organisations.change.payload.safeParse(payload)
  const field = FAULTY.find((name) => checked.error?.issues.some(({ path }) => path[0] === name))
  return field === undefined ? null : t(`autopay.organisation.bad.${field}`)
}

const FAULTY = ['name', 'vatNumber', 'perDay', 'perMonth', 'staff', 'steps'] as const

/** What only the database knows: a tax number that another organisation has, and who cannot sign. */
export function refusedField(error: unknown, { t }: Speaker): string {
  if (!(error instanceof Refusal) || error.code !== 'bad_input') throw error
  if (error.detail === 'vatNumber') return t('autopay.organisation.bad.vat_taken')
  const field = FAULTY.find((name) => name === error.detail)
  if (field === undefined) throw error
  return t(`autopay.organisation.bad.${field}`)
}
