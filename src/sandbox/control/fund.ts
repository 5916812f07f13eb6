import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { MAIN_CURRENCY, moveFund, openFund } from '../state/fund'
import type { Fund, FundEntry } from '../state/fund'
import { toDecimal } from '../state/money'
import { fundOfPayer } from '../state/payers'
import type { World } from '../state/world'
import { notNegativeField, readBody, signedField, textField } from './read'

const fundSchema = z.strictObject({
  balance: signedField.optional(),
  overdraft: notNegativeField.optional(),
  currencyId: textField(10, 1).optional(),
})

/** `PUT /_sandbox/fund`: sets the balance (through a journal entry) and the overdraft; a new currency opens a fund of its own. */
export function setFund(world: World, body: unknown): Fund {
  const { currencyId = MAIN_CURRENCY, ...wish } = readBody(fundSchema, body)
  const fund = world.funds.get(currencyId) ?? openFund(currencyId, 0n, world.clock.now())
  changeFund(world, fund, wish)
  world.funds.set(currencyId, fund)
  return fund
}

/** `PUT /_sandbox/payers/{vatNumber}`: the same for the guarantee fund of a company that pays in shops. */
export function setPayerFund(world: World, vatNumber: string, body: unknown): Fund {
  const { currencyId = MAIN_CURRENCY, ...wish } = readBody(fundSchema, body)
  const fund = fundOfPayer(world, vatNumber, currencyId)
  changeFund(world, fund, wish)
  return fund
}

interface FundWish {
  readonly balance?: bigint | undefined
  readonly overdraft?: bigint | undefined
}

function changeFund(world: World, fund: Fund, { balance, overdraft }: FundWish): void {
  const floor = overdraft ?? fund.overdraft
  if ((balance ?? fund.balance) < -floor)
    throw new ApiRefusal(422, 'validation', `The balance must not be below the overdraft of ${toDecimal(floor)}.`)
  fund.overdraft = floor
  const amount = balance === undefined ? 0n : balance - fund.balance
  if (amount !== 0n) moveFund(fund, { kind: amount > 0n ? 'top-up' : 'withdrawal', amount, at: world.clock.now() })
}

/** @throws ApiRefusal 404 for a currency without a fund */
export function findFund(world: World, currencyId: unknown): Fund {
  const fund = world.funds.get(typeof currencyId === 'string' ? currencyId : MAIN_CURRENCY)
  if (!fund) throw new ApiRefusal(404, 'not_found', `There is no fund in this currency. There are: ${[...world.funds.keys()].join(', ')}.`)
  return fund
}

const presentEntry = (entry: FundEntry) => ({
  at: entry.at.toISOString(),
  kind: entry.kind,
  amount: toDecimal(entry.amount),
  balance: toDecimal(entry.balance),
  invoiceId: entry.invoiceId,
  operationId: entry.operationId,
})

/** The fund as the control interface shows it: decimal text, the journal oldest first. */
export const presentFund = (world: World, fund: Fund) => ({
  name: world.partner.name,
  currencyId: fund.currencyId,
  balance: toDecimal(fund.balance),
  overdraft: toDecimal(fund.overdraft),
  available: toDecimal(fund.balance + fund.overdraft),
  currencies: [...world.funds.keys()],
  entries: fund.entries.map(presentEntry),
})
