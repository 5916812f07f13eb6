import { ACCOUNTS, memberAccount, openAccounts, transfer } from '../../src/ledger'
import { inTransaction } from '../../src/shared/database'
import { newId } from '../../src/shared/ids'
import { money } from '../../src/shared/money'
import type { Stocked } from '../books'
import { callersText } from '../texts'
import { keepCalling } from '../callers'
import type { Chance } from '../../test/support/chance'
import type { Workload } from '../measure'

/** Accounts in roubles that the fund pays to, as many as there are members: one side of a hot transfer is spread like real payments are. */
const PAYEES = 10_000

const payee = (number: number): string => `bench-payee:${number}`

export interface TransferLoad {
  readonly callers: number
  readonly seconds: number
}

/** Transfers through the ledger's one door, each decided, refused if it overdraws, remembered by its key, written and committed. */
export interface Transfers {
  /** Between two members drawn from 10,000. */
  spread(load: TransferLoad): Workload
  /** Every one out of the guarantee fund, whose floor is checked each time. */
  hot(load: TransferLoad): Workload
}

export async function prepareTransfers({ parts, memberIds }: Stocked, chance: Chance, engine: string): Promise<Transfers> {
  const { db, ledger, clock } = parts
  const payees = Array.from({ length: PAYEES }, (_, number) => ({ id: payee(number), unit: 'RUB' as const, minAvailable: 0n }))
  for (let from = 0; from < PAYEES; from += 500)
    await inTransaction(db, (tx) => openAccounts(tx, payees.slice(from, from + 500), clock.now()))

  const workload = (kind: string, { callers, seconds }: TransferLoad, submit: () => Promise<unknown>): Workload => ({
    name: `${engine}: ledger transfers, ${kind}, ${callersText(callers)}`,
    run: () => keepCalling(async () => Boolean(await submit()), { callers, seconds, settled: () => ledger.idle() }),
  })
  return {
    spread: (load) =>
      workload('spread', load, () => {
        const [from, to] = twoOf(memberIds, chance)
        const line = transfer({ kind: 'adjustment', from: memberAccount(from), to: memberAccount(to), amount: money(1n, 'PTS') })
        return ledger.submit({ key: newId(), lines: [line] })
      }),
    hot: (load) =>
      workload('hot', load, () => {
        const line = transfer({ kind: 'fund_payment', from: ACCOUNTS.fund, to: payee(chance.below(PAYEES)), amount: money(1n, 'RUB') })
        return ledger.submit({ key: newId(), lines: [line] })
      }),
  }
}

function twoOf(ids: readonly string[], chance: Chance): [string, string] {
  const first = chance.below(ids.length)
  const second = (first + 1 + chance.below(ids.length - 1)) % ids.length
  return [ids[first] ?? '', ids[second] ?? '']
}
