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
    { label: reader.t('fact.perDay'), align: 'right' },
    { label: reader.t('fact.perMonth'), align: 'right' },
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

/** An organisation as whoever only looks sees it. */
export const organisationRows = (organisation: Organisation, people: TypedPeople, reader: Reader): { label: string; value: string }[] => [
  { label: reader.t('autopay.organisations.vat'), value: organisation.vatNumber },
  { label: reader.t('fact.perDay'), value: budgetText(organisation.perDay, reader) },
  { label: reader.t('fact.perMonth'), value: budgetText(organisation.perMonth, reader) },
  { label: reader.t('autopay.organisation.steps'), value: people.steps === '' ? '—' : people.steps.replaceAll('\n', '; ') },
  { label: reader.t('autopay.organisation.staff'), value: people.staff === '' ? '—' : people.staff },
]
