import type { Author } from '../shared/actor'
import { may } from '../shared/permissions'
import type { Organisation } from './organisation'

/** Twelve digits are the tax number of a person: the organisation is a sole proprietor, and its name is a person's. Ten are a company's. */
const PERSONS_DIGITS = 12
const MASK = '*'

/**
 * An organisation as somebody may see it. Who a sole proprietor is stays in the books, which the law has kept for years (docs/autopay.md), but is shown to those alone who may
 * see personal data.
 */
export const asSeenBy = (author: Author, organisation: Organisation): Organisation =>
  may(author, 'members.read-personal') ? organisation : { ...organisation, ...masked(organisation) }

/** What may stand where nothing can be erased, such as the audit log. A company is no person and stays as it is. */
export const masked = ({ name, vatNumber }: Pick<Organisation, 'name' | 'vatNumber'>): Pick<Organisation, 'name' | 'vatNumber'> =>
  vatNumber.length === PERSONS_DIGITS ? { name: maskedName(name), vatNumber: maskedNumber(vatNumber) } : { name, vatNumber }

/** The payer's name on an invoice, masked where the organisation itself is. */
export const payerNameOf = (invoice: { readonly payerName: string }, organisation: Pick<Organisation, 'vatNumber'>): string =>
  organisation.vatNumber.endsWith(MASK) ? maskedName(invoice.payerName) : invoice.payerName

/** What says what it is, not who. Any other word may be a name, however short: `Ли`, `Ян`. */
const FORMS: readonly string[] = ['ИП', 'КФХ', 'ГКФХ']

/** `ИП Петров Иван` becomes `ИП П*** И***`. */
const maskedName = (name: string): string =>
  name.replace(/[\p{L}\p{N}_-]+/gu, (word) => (FORMS.includes(word.toUpperCase()) ? word : `${word.slice(0, 1)}${MASK.repeat(3)}`))

/** The first four digits are the tax office that gave it out. */
const maskedNumber = (vatNumber: string): string => vatNumber.slice(0, 4).padEnd(PERSONS_DIGITS, MASK)
