import type { Organisation } from '../../autopay'
import { toDecimal } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import type { Reader } from '../reader'
import type { Table } from '../table'
import { organisationPath } from './paths'
import { SWITCH_MARKS } from './present-switch'
import type { TypedPeople } from './typed-people'

export const presentOrganisations = (organisations: readonly Organisation[], reader: Reader): Table => ({
  caption: reader.t('autopay.organisations.heading'),
  columns: [
    { label: reader.t('autopay.organisations.name') },
    { label: reader.t('autopay.organisations.vat') },
    { label: reader.t('autopay.organisations.state') },
    { label: reader.t('autopay.organisations.per_day'), align: 'right' },
    { label: reader.t('autopay.organisations.per_month'), align: 'right' },
  ],
  rows: organisations.map(({ id, name, vatNumber, autopay, perDay, perMonth }) => ({
    href: organisationPath(id),
    cells: [
      { text: name },
      { text: vatNumber },
      { text: reader.t(`autopay.switch.${autopay.state}`), mark: SWITCH_MARKS[autopay.state] },
      { text: budgetText(perDay, reader) },
      { text: budgetText(perMonth, reader) },
    ],
  })),
  empty: reader.t('autopay.organisations.empty'),
})

const budgetText = (minor: bigint | null, { t, language }: Reader): string =>
  minor === null ? t('autopay.organisations.unlimited') : formatMoney({ minor, unit: 'RUB' }, language)

/** What stands in the fields of an organisation. */
export interface OrganisationForm extends TypedPeople {
  readonly name: string
  readonly vatNumber: string
  readonly perDay: string
  readonly perMonth: string
}

export const EMPTY_ORGANISATION: OrganisationForm = { name: '', vatNumber: '', perDay: '', perMonth: '', staff: '', steps: '' }

const typed = (minor: bigint | null): string => (minor === null ? '' : toDecimal(minor))

export const organisationForm = ({ name, vatNumber, perDay, perMonth }: Organisation, people: TypedPeople): OrganisationForm => ({
  name,
  vatNumber,
  perDay: typed(perDay),
  perMonth: typed(perMonth),
  ...people,
})

/** Amounts as everywhere on pages; the form has them as they are typed. */
function stepsText({ steps }: Organisation, people: TypedPeople, { language }: Reader): string {
  const lines = people.steps.split('\n')
  const told = steps.map(({ from }, index) => {
    const [, logins = ''] = /^[^:]*: (.*)$/.exec(lines[index] ?? '') ?? []
    return `${formatMoney({ minor: from, unit: 'RUB' }, language)}: ${logins}`
  })
  return told.length === 0 ? '—' : told.join('; ')
}

/** An organisation as whoever only looks sees it. */
export const organisationRows = (organisation: Organisation, people: TypedPeople, reader: Reader): { label: string; value: string }[] => [
  { label: reader.t('autopay.organisations.vat'), value: organisation.vatNumber },
  { label: reader.t('autopay.organisations.per_day'), value: budgetText(organisation.perDay, reader) },
  { label: reader.t('autopay.organisations.per_month'), value: budgetText(organisation.perMonth, reader) },
  { label: reader.t('autopay.organisation.steps'), value: stepsText(organisation, people, reader) },
  { label: reader.t('autopay.organisation.staff'), value: people.staff === '' ? '—' : people.staff },
]
