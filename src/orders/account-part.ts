import { newId } from '../shared/ids'
import type { Language, Translate } from '../shared/texts'
import { listOrders } from './list-orders'
import type { OrderDeps } from './order'
import { paymentOrigins } from './payment-origins'
import { mayBuy } from './top-up'
import { presentForm, presentLines } from './present'

const SHOWN = 3

/** What the account page shows of top-ups: the form, the newest of them, and where the form may lead to. */
export async function accountTopUps(
  deps: OrderDeps,
  memberId: string,
  reader: { readonly t: Translate; readonly language: Language },
): Promise<{ model: object | null; origins: string[] }> {
  const [orders, canBuy] = await Promise.all([listOrders(deps.db, { memberId }, { limit: SHOWN }), mayBuy(deps, memberId)])
  if (!canBuy && orders.length === 0) return { model: null, origins: [] }
  const model = {
    form: canBuy ? presentForm(deps.topUps, newId(), reader) : null,
    lines: presentLines(orders, reader),
    allHref: orders.length > 0 ? '/account/top-ups' : null,
  }
  return { model, origins: await paymentOrigins(deps) }
}
