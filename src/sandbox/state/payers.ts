import { OPENING_BALANCE, openFund } from './fund'
import type { Fund } from './fund'
import type { Order } from './orders'
import type { World } from './world'

/** A company or sole trader of the register: what a look-up by tax number finds, and who may pay out of a guarantee fund. All invented. */
export interface Counterparty {
  readonly id: string
  readonly vatNumber: string
  readonly taxRegistrationReasonCode?: string
  readonly name: string
  readonly nameFull: string
  readonly nameI18n: string
  readonly registrationNumber: string
  readonly registrationDate: Date
  readonly registrationAddress: string
  readonly postAddress: string
  readonly postAddressZip: string
}

export const COUNTERPARTIES: readonly Counterparty[] = [
  {
    id: '018f4b00-1111-2222-3333-444455556666',
    vatNumber: '7849990015',
    taxRegistrationReasonCode: '784901001',
    name: 'ООО «Северный ветер»',
    nameFull: 'Общество с ограниченной ответственностью «Северный ветер»',
    nameI18n: 'Severny Veter LLC',
    registrationNumber: '1187847000012',
    registrationDate: new Date('2018-02-14T00:00:00Z'),
    registrationAddress: '197101, Санкт-Петербург, ул. Мира, д. 3',
    postAddress: '197101, Санкт-Петербург, ул. Мира, д. 3',
    postAddressZip: '197101',
  },
  {
    id: '018f4b00-1111-2222-3333-444455557777',
    vatNumber: '7700990010',
    taxRegistrationReasonCode: '770001001',
    name: 'АО «Меридиан»',
    nameFull: 'Акционерное общество «Меридиан»',
    nameI18n: 'Meridian JSC',
    registrationNumber: '1157746000034',
    registrationDate: new Date('2015-06-01T00:00:00Z'),
    registrationAddress: '125009, Москва, Тверская ул., д. 7',
    postAddress: '125009, Москва, Тверская ул., д. 7',
    postAddressZip: '125009',
  },
  {
    id: '018f4b00-1111-2222-3333-444455558888',
    vatNumber: '5400990023',
    taxRegistrationReasonCode: '540001001',
    name: 'ООО «Обь»',
    nameFull: 'Общество с ограниченной ответственностью «Обь»',
    nameI18n: 'Ob LLC',
    registrationNumber: '1205400000056',
    registrationDate: new Date('2020-09-21T00:00:00Z'),
    registrationAddress: '630099, Новосибирск, Красный проспект, д. 25',
    postAddress: '630099, Новосибирск, Красный проспект, д. 25',
    postAddressZip: '630099',
  },
  {
    id: '018f4b00-1111-2222-3333-444455559999',
    vatNumber: '784999001219',
    name: 'ИП Орлова М. А.',
    nameFull: 'Индивидуальный предприниматель Орлова Мария Андреевна',
    nameI18n: 'IE Orlova Maria',
    registrationNumber: '319784700000078',
    registrationDate: new Date('2019-03-12T00:00:00Z'),
    registrationAddress: '190000, Санкт-Петербург, Малая Морская ул., д. 5',
    postAddress: '190000, Санкт-Петербург, Малая Морская ул., д. 5',
    postAddressZip: '190000',
  },
]

/** Who pays by guarantee when an order names no company: the first one of the register. */
const ANYBODY = '7849990015'

export const isRegistered = (vatNumber: unknown): vatNumber is string =>
  COUNTERPARTIES.some((counterparty) => counterparty.vatNumber === vatNumber)

/** The guarantee fund of a payer: a company's own, apart from the partner's. Opened with a million when it is first needed. */
export function fundOfPayer(world: World, vatNumber: string, currencyId: string): Fund {
  const key = `${vatNumber} ${currencyId}`
  const fund = world.payerFunds.get(key) ?? openFund(currencyId, OPENING_BALANCE, world.clock.now())
  world.payerFunds.set(key, fund)
  return fund
}

export const payerFund = (world: World, order: Order): Fund => fundOfPayer(world, order.payerVatNumber ?? ANYBODY, order.currencyId)

export const payerOfOrder = (order: Order): string => (isRegistered(order.customer['vatNumber']) ? order.customer['vatNumber'] : ANYBODY)
