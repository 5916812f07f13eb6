import { z } from 'zod'
import { Asker } from '../asker'
import type { InvoiceboxDeps, Question } from '../asker'
import { lentBudget } from '../lent-budget'
import type { JsonObject } from '../exact-json'
import { writeOutcome } from '../merchant/outcomes'
import type { Reading } from '../merchant/outcomes'
import type { MerchantSettings } from '../merchant/settings'
import type { OddObject } from '../merchant/types'
import { writeJson } from '../merchant/write-json'
import { pathId } from '../path-id'
import { checkSettings } from '../settings'
import type { Asked, Asking } from '../types'
import { exactText } from '../wire'
import type { MarketplaceClient, MarketplaceShop, MarketplaceShopUpdate, ShopWritten } from './types'

/**
 * A client of the marketplace API with the merchant's token and its own connections. The request budget is shared with whoever else has it.
 * @throws Error naming every fault of the settings
 */
export function createMarketplaceClient(settings: MerchantSettings, deps: InvoiceboxDeps): MarketplaceClient {
  const rules = checkSettings(settings)
  const asker = new Asker(rules, { ...deps, ...(deps.budget ? { budget: lentBudget(deps.budget) } : {}) })
  const path = `${rules.prefix}/marketplace/api/shop`
  const ask = async (
    question: Pick<Question, 'operation' | 'path'>,
    of: { readonly body: Sent; readonly isOurs: (shop: MarketplaceShop) => boolean },
    { as = 'page', permit, waitMs }: Asking = {},
  ): Promise<Asked<ShopWritten>> => {
    const asked: Question = { ...question, method: 'POST', as, permit, waitMs }
    const fault = faultOf(of.body)
    if (fault !== null)
      return asker.unsent(asked, { kind: 'rejected', code: 'validation', status: null, message: fault }, `checked here: ${fault}`)
    const reading: Reading<'shop', MarketplaceShop> = { name: 'shop', read: toShop, isOurs: of.isOurs }
    return asker.write<ShopWritten>(asked, writeJson(of.body), (answer) => hidden(writeOutcome(answer, reading), asker))
  }
  return {
    merchantId: settings.merchantId,
    createShop: (draft, asking) => ask({ operation: 'marketplace.create', path }, { body: draft, isOurs: () => true }, asking),
    // Here, and nowhere else, an update is a POST (3.8).
    updateShop: (shopId, update, asking) =>
      ask(
        { operation: 'marketplace.update', path: `${path}/${pathId(shopId)}` },
        { body: update, isOurs: ({ id }) => id === shopId },
        asking,
      ),
    circuit: () => asker.circuit.state(),
    close: () => asker.close(),
  }
}

/** A message of upstream's may quote what we sent. */
const hidden = (outcome: ShopWritten, { redactor }: Asker): ShopWritten =>
  outcome.kind === 'rejected' ? { ...outcome, message: redactor.message(outcome.message) } : outcome

type Sent = MarketplaceShopUpdate & { readonly title?: string; readonly merchantId?: string }

const LIMITS = { title: 50, description: 2_000, shopUrl: 64, registrationAddress: 200 } as const

/** The field that Invoicebox would refuse; `null` when the shop can be sent. */
function faultOf(body: Sent): string | null {
  if (body.title === '') return 'title'
  for (const [field, most] of Object.entries(LIMITS)) if ((body[field as keyof typeof LIMITS] ?? '').length > most) return field
  return null
}

const shopShape = z.object({
  id: exactText.pipe(z.string().regex(/^\d{1,15}$/)),
  shopUrl: z.string().max(300).nullish().catch(null),
  accountProgramIds: z.array(z.string().max(36)).max(1_000).nullish().catch(null),
})

function toShop(value: JsonObject): MarketplaceShop | OddObject {
  const read = shopShape.safeParse(value)
  if (!read.success) return { kind: 'odd', id: '', problem: 'The shop has no number.' }
  const { id, shopUrl, accountProgramIds } = read.data
  return { id, shopUrl: shopUrl ?? null, accountProgramIds: accountProgramIds ?? null }
}
