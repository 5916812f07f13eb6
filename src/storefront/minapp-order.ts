import { isDisputed, typedRoubles } from '../orders'
import type { Order } from '../orders'
import { parseMoney } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Language } from '../shared/texts'
import { buyPoints, buyTopUpCode, buyVoucher } from './buy'
import type { BuyDeps, Buyer } from './buy'
import type { WayBack } from './minapp-answer'
import { readOffer } from './offer-store'
import { sealOrderPass, sealStatePass } from './passes'
import { askForCode, memberOfPass, recogniseMember } from './recognise'

export interface FormDeps extends BuyDeps {
  /** Whether letters can be sent. */
  readonly hasLetters: boolean
}

/** The form of the mini-app as it was sent. */
export interface MinappForm {
  /** The offer. */
  readonly choice: string
  /** Of points. */
  readonly amount: string
  /** A guest buys a voucher, or points for somebody else; a member buys for themselves as well. */
  readonly who: 'guest' | 'member'
  readonly email: string
  readonly code: string
  readonly pass: string
  /** Names the intent: the same form twice is one order. */
  readonly key: string
  /** The invoice that the order is added to; empty for an order of its own. */
  readonly container: string
  /** The prices that the page has shown, as `seenPrices` writes them: told back, compared with the offer's own, and never taken. */
  readonly seen: string
  /** What the parent calls this window; its messages need it after the payment too. */
  readonly id: string
}

/** `ID=250 ID=2900.50`, of every voucher on the page, in roubles: a page without scripts cannot tell which of them is chosen. */
export const seenPrices = (offers: readonly { readonly id: string; readonly price: { readonly roubles: string } | null }[]): string =>
  offers.flatMap(({ id, price }) => (price ? [`${id}=${price.roubles}`] : [])).join(' ')

export const SEEN_PRICES = /^([\da-f-]{36}=\d{1,14}(\.\d\d)?( (?!$)|$))*$/i

function seenPrice({ seen, choice }: MinappForm): Money | undefined {
  const [, roubles] =
    seen
      .split(' ')
      .find((each) => each.startsWith(`${choice}=`))
      ?.split('=') ?? []
  return roubles === undefined ? undefined : parseMoney(roubles, 'RUB')
}

export interface Sender {
  /** The network address, for limits. */
  readonly address: string
  readonly language: Language
}

export type MinappOutcome =
  | { readonly kind: 'code_sent' }
  | { readonly kind: 'recognised'; readonly pass: string; readonly name: string }
  /** `isDisputed`: money came, but not what was asked for. */
  | { readonly kind: 'order'; readonly order: Order; readonly back: WayBack; readonly isDisputed: boolean }

/**
 * Takes the form one step further: sends a member a one-time code, recognises the member by it, or makes the order. Whatever a parent window said of the buyer is a text in
 * a field by now, and proves nothing.
 * @throws Refusal code_wrong, too_many_requests, top_up_out_of_range, bad_input (detail: email), offer_not_on_sale, price_changed, sold_out, invoice_being_paid,
 * code_not_sendable, and what `createOrder` refuses
 */
export async function takeForm(deps: FormDeps, form: MinappForm, sender: Sender): Promise<MinappOutcome> {
  const { email, code } = form
  if (form.who === 'guest') return buy(deps, form, { email, address: sender.address }, sender)
  const member = await memberOfPass(deps, form.pass)
  if (member) return buy(deps, form, { memberId: member.id }, sender)
  if (code === '') {
    await askForCode(deps, { email, ...sender })
    return { kind: 'code_sent' }
  }
  const pass = await recogniseMember(deps, { email, code, address: sender.address })
  const known = await memberOfPass(deps, pass)
  if (!known) throw new Refusal('code_wrong')
  return { kind: 'recognised', pass, name: known.name }
}

async function buy(deps: FormDeps, form: MinappForm, buyer: Buyer, { language }: Sender): Promise<MinappOutcome> {
  const { type } = await readOffer(deps.db, form.choice)
  const isJoining = form.container !== ''
  const links = (order: Order) => linksFor(deps, order, { id: form.id, isJoining })
  const request = {
    offerId: form.choice,
    key: form.key,
    language,
    links,
    hasLetters: deps.hasLetters,
    ...(isJoining && { orderContainerId: form.container }),
  }
  const order =
    type === 'voucher'
      ? await buyVoucher(deps, { ...request, buyer, seenPrice: seenPrice(form) })
      : await buySomePoints(deps, { ...request, buyer, amount: typedRoubles(form.amount) })
  return { kind: 'order', order, back: wayBack(deps, order, form.id), isDisputed: await isDisputed(deps.db, order) }
}

type Wanted = Parameters<typeof buyTopUpCode>[1]

/** A member's points go to the account at once; a guest's become a code. */
const buySomePoints = (deps: BuyDeps, { buyer, ...request }: Wanted): Promise<Order> =>
  'email' in buyer ? buyTopUpCode(deps, { ...request, buyer }) : buyPoints(deps, { ...request, ...buyer })

/** Back into the mini-app: the buyer's own browser alone is given the pass that opens the order, and only for the page that shows what was bought. */
const wayBack = (deps: BuyDeps, order: Order, id: string): WayBack => ({
  success: pageOf(deps, 'success', { id, pass: sealOrderPass(deps, order) }),
  fail: pageOf(deps, 'fail', { id, pass: sealStatePass(deps, order) }),
})

/**
 * What Invoicebox puts on the payment page. Whoever has the link of an invoice reads them there, before the payment as well, so one that leads back unpaid tells the state
 * alone; and so does each of an order that joined an invoice, which is somebody else's as far as anybody can prove.
 */
function linksFor(deps: BuyDeps, order: Order, { id, isJoining }: { readonly id: string; readonly isJoining: boolean }) {
  const { success, fail } = wayBack(deps, order, id)
  return { success: isJoining ? pageOf(deps, 'success', { id, pass: sealStatePass(deps, order) }) : success, fail, back: fail }
}

function pageOf({ topUps }: BuyDeps, way: keyof WayBack, { id, pass }: { readonly id: string; readonly pass: string }): string {
  const query = new URLSearchParams({ ...(id !== '' && { id }), order: pass }).toString()
  return new URL(`/minapp/${way}?${query}`, topUps.publicUrl).href
}
