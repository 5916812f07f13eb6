import { z } from 'zod'
import { amountText, requireNoHeavier } from '../approvals'
import type { Deed, Weight } from '../approvals'
import { ACCOUNTS, isKeyUsed } from '../ledger'
import { wasCarriedOut } from '../shared/audit'
import { parseMoney, parsePositiveMoney, toDecimal } from '../shared/money'
import { depositFund, limitKey, setFloor, setOverdraft } from './change-fund'
import type { LimitChange } from './change-fund'
import type { FundDeps } from './fund'
import { readFund } from './show-fund'

const DEPOSIT = z.strictObject({ roubles: amountText('RUB') })
const LIMIT = z.strictObject({ roubles: amountText('RUB', { orZero: true }) })

export type FundPayload = z.output<typeof DEPOSIT>

export interface FundDeeds {
  readonly deposit: Deed<FundPayload, { replayed: boolean }>
  readonly floor: Deed<FundPayload, void>
  readonly overdraft: Deed<FundPayload, void>
}

/** What staff may do to the guarantee fund. */
export const fundDeeds = (deps: FundDeps): FundDeeds => ({
  deposit: {
    kind: 'fund_deposited',
    permission: 'fund.change',
    payload: DEPOSIT,
    addsUp: true,
    weigh: ({ roubles }) => parsePositiveMoney(roubles, 'RUB'),
    async preview({ roubles }) {
      const { available } = await readFund(deps.db)
      const after = available.minor + parsePositiveMoney(roubles, 'RUB').minor
      return { subject: ACCOUNTS.fund, before: { available: rub(available.minor) }, after: { available: rub(after) } }
    },
    wasDone: (key) => isKeyUsed(deps.db, `fund-deposit:${key}`),
    perform: ({ roubles }, { author, reason, key, approvedBy }) =>
      depositFund(deps, { amount: parsePositiveMoney(roubles, 'RUB'), reason, key, actor: author, approvedBy }),
  },
  floor: limitDeed(deps, 'floor', setFloor),
  overdraft: limitDeed(deps, 'overdraft', setOverdraft),
})

type SetLimit = (deps: FundDeps, change: LimitChange) => Promise<void>

const roubles = (minor: bigint): Weight => ({ minor, unit: 'RUB' })

/** What counts is what a limit comes to and not the step, or many small steps would lead anywhere. A lower overdraft lets out less; a floor is also given up in all. */
const WEIGHTS = {
  overdraft: (was: bigint, is: bigint): Weight => (is > was ? roubles(is) : 'never'),
  floor: (was: bigint, is: bigint): Weight => (is === was ? 'never' : roubles(is > was ? is : was)),
}

/** A limit is set to an amount, so that doing it again changes nothing. */
const limitDeed = (deps: FundDeps, name: 'floor' | 'overdraft', set: SetLimit): Deed<FundPayload, void> => ({
  kind: `fund_${name}_set`,
  permission: 'fund.change',
  payload: LIMIT,
  weigh: async (payload) => WEIGHTS[name]((await readFund(deps.db))[name].minor, parseMoney(payload.roubles, 'RUB').minor),
  async preview({ roubles }) {
    const now = (await readFund(deps.db))[name]
    return { subject: ACCOUNTS.fund, before: { [name]: rub(now.minor) }, after: { [name]: rub(parseMoney(roubles, 'RUB').minor) } }
  },
  wasDone: (key, { author }) => wasCarriedOut(deps.db, limitKey(name, key), author),
  perform({ roubles }, { author, reason, key, approvedBy, weighed }) {
    const amount = parseMoney(roubles, 'RUB')
    // Somebody may have changed it since: what was no raise then is one now.
    const reweigh = (was: bigint): void => requireNoHeavier(WEIGHTS[name](was, amount.minor), weighed)
    return set(deps, { amount, reason, key, actor: author, approvedBy, reweigh })
  },
})

const rub = (minor: bigint): string => `${toDecimal(minor)} RUB`
