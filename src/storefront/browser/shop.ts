import { bringToLife } from './form'
import { show } from './form-view'
import type { WayBack } from '../minapp-answer'
import { all, find, findAs, main, showHost, showState, speak } from './page'
import { matches, onPaymentResult, tell } from './parent'
import { isFramed as isInFrame } from './parent-window'
import type { InitialData, PaymentResult } from './parent'

const form = (): HTMLFormElement => findAs(HTMLFormElement, '#minapp-form')

let isLive = false

function live(): void {
  if (isLive) return
  isLive = true
  bringToLife({
    element: form(),
    onMade: ({ paymentUrl, back }) => leave(paymentUrl, back),
    onPaid: (href) => self.location.assign(href),
    onWaiting: () => showState('making'),
    onRefused: (text) => {
      showState('ready')
      if (isFramed()) tell.error(text)
    },
  })
  for (const more of all('[data-more]')) more.addEventListener('click', () => self.location.reload())
  find('[data-pay]').addEventListener('click', (event) => {
    if (!isFramed()) return
    event.preventDefault()
    tell.checkout((event.currentTarget as HTMLAnchorElement).href)
  })
}

const isFramed = (): boolean => document.body.dataset['host'] === 'framed'

/** Nobody answers: the page stands by itself, and offers what needs no order at hand. */
export function beginAlone(): void {
  showHost('alone')
  live()
  if (isAnything()) showState('ready')
  else showState('unavailable')
}

/** The parent has answered. It may do so late, when somebody has begun to type already: then what was typed stays, and the language too. */
export async function beginFramed(data: InitialData): Promise<void> {
  if (!isLive) await speak(data.locale)
  showHost('framed', data)
  const container = containerOf(data)
  main().dataset['mode'] = container === '' ? 'order' : 'suborder'
  prefill('container', container)
  if (findAs(HTMLInputElement, '[name=email]', form()).value === '') prefill('email', data.userEmail)
  await offerWhatFits()
  live()
  show(form())
  onPaymentResult(takeResult)
  if (isAnything()) {
    if (main().dataset['state'] !== 'making') showState('ready')
    return
  }
  showState('unavailable')
  tell.unavailable()
}

/**
 * The invoice to add to; none in the other mode, where the parent names none that can be one, and where no letters go, since the code of what is added comes by letter alone: then
 * it is an order of its own, and called so.
 */
function containerOf({ minappType, orderContainerId }: InitialData): string {
  const isOne = minappType === 'suborder' && typeof orderContainerId === 'string' && /^[\w-]{1,36}$/.test(orderContainerId)
  return isOne && form().dataset['letters'] !== 'no' ? orderContainerId : ''
}

function prefill(name: 'container' | 'email', value: unknown): void {
  if (typeof value === 'string') findAs(HTMLInputElement, `[name=${name}]`, form()).value = value
}

const choices = (): HTMLInputElement[] =>
  all<HTMLInputElement>('[name=choice]', form()).filter((radio) => !radio.disabled && !radio.closest<HTMLElement>('[data-offer]')?.hidden)

const isAnything = (): boolean => choices().length > 0

/** Some offers stand only beside an order that they fit. */
async function offerWhatFits(): Promise<void> {
  for (const offer of all('[data-offer][data-key]', form())) {
    const values = JSON.parse(offer.dataset['values'] ?? '[]') as string[]
    offer.hidden = !(await matches(offer.dataset['key'] ?? '', values))
  }
  const shown = choices()
  const first = shown[0]
  if (first && !shown.some(({ checked }) => checked)) first.checked = true
}

/** Where the buyer comes back to, in case the parent keeps this window open. */
let wayBack: WayBack | undefined

/** The order is made: in a frame the parent takes over, a window of its own goes to the payment page. That refuses to be framed, so where a parent stays silent the link alone is shown. */
function leave(paymentUrl: string, back: WayBack): void {
  wayBack = back
  const isAdded = main().dataset['mode'] === 'suborder'
  const pay = findAs(HTMLAnchorElement, '[data-pay]')
  pay.href = paymentUrl
  showState(isAdded ? 'added' : 'done')
  if (isFramed()) tell.done(paymentUrl)
  else if (!isInFrame()) self.location.assign(paymentUrl)
}

/** A parent that keeps this window open while the buyer pays says how that went; a page of ours asks the server what is true of it. */
function takeResult(result: PaymentResult): void {
  if (!wayBack) return
  self.location.assign(result === 'canceled' || result === 'expired' ? wayBack.fail : wayBack.success)
}
