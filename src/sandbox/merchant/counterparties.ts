import type { Json } from '../http/json'
import { parseQuery } from '../http/query'
import { refusedField } from '../http/refusal'
import { answerList } from '../list/answer-list'
import { text } from '../list/fields'
import type { Field, Fields } from '../list/fields'
import { toAtom } from '../state/clock'
import { COUNTERPARTIES } from '../state/payers'
import type { Counterparty } from '../state/payers'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'

const FIELDS: Fields<Counterparty> = new Map<string, Field<Counterparty>>([
  ['id', text((_world, { id }) => id)],
  ['vatNumber', text((_world, { vatNumber }) => vatNumber)],
  ['taxRegistrationReasonCode', text((_world, { taxRegistrationReasonCode }) => taxRegistrationReasonCode)],
])

const present = (_world: World, { registrationDate, ...counterparty }: Counterparty): Json => ({
  ...counterparty,
  registrationDate: toAtom(registrationDate),
})

/** `GET …/filter/api/counterparty-detail?vatNumber=`: the tax number is required, an unknown one gives an empty list (reference 3.9). */
const listCounterparties: ApiRoute = {
  method: 'GET',
  path: /^\/filter\/api\/counterparty-detail$/,
  on: 'counterparty.list',
  isMerchants: true,
  answer: (world, call) => {
    const isAsked = parseQuery(call.query)?.some(({ path, value }) => path[0] === 'vatNumber' && value !== '')
    if (!isAsked) throw refusedField('vatNumber', 'This value should not be blank.')
    return answerList(world, call, { fields: FIELDS, items: COUNTERPARTIES, present })
  },
}

export const counterpartyRoutes: readonly ApiRoute[] = [listCounterparties]
