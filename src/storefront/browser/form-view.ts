import type { NewPrice } from '../minapp-answer'
import { all, find, findAs, main } from './page'

/* What the form of the page shows, as its fields stand. */

export const fieldOf = (element: HTMLFormElement, name: string): HTMLInputElement => findAs(HTMLInputElement, `[name="${name}"]`, element)

export const chosen = (element: HTMLFormElement): HTMLInputElement | null =>
  element.querySelector<HTMLInputElement>('[name=choice]:checked')

export const isPoints = (radio: HTMLInputElement | null): boolean => radio?.dataset['type'] === 'points'

type Step = 'get-code' | 'check-code' | 'buy'

function stepOf(element: HTMLFormElement): Step {
  const isMember = element.querySelector<HTMLInputElement>('[name=who]:checked')?.value === 'member'
  if (!isMember || fieldOf(element, 'pass').value !== '') return 'buy'
  return element.dataset['step'] === 'check-code' ? 'check-code' : 'get-code'
}

/** Shows what belongs to what is chosen, and the total on the button. */
export function show(element: HTMLFormElement): void {
  const [radio, step] = [chosen(element), stepOf(element)]
  const isKnown = step === 'buy' && fieldOf(element, 'pass').value !== ''
  toggle(find('[data-part=amount]', element), isPoints(radio))
  for (const chips of all('[data-chips-of]', element)) toggle(chips, chips.dataset['chipsOf'] === radio?.value)
  for (const hint of all('[data-hint-of]', element)) toggle(hint, hint.dataset['hintOf'] === radio?.value)
  for (const chip of all<HTMLButtonElement>('[data-chip]', element))
    chip.setAttribute('aria-pressed', String(chip.value === fieldOf(element, 'amount').value.trim()))
  toggle(find('[data-part=code]', element), step === 'check-code')
  toggle(find('[data-part=known]', element), isKnown)
  toggle(find('[data-part=who]', element), !isKnown)
  toggle(find('[data-part=email]', element), !isKnown)
  fieldOf(element, 'amount').required = isPoints(radio) && step === 'buy'
  fieldOf(element, 'email').required = !isKnown
  fieldOf(element, 'code').required = step === 'check-code'
  const price = isPoints(radio) ? fieldOf(element, 'amount').value : (radio?.dataset['price'] ?? '')
  find('[data-total]', element).textContent = step === 'buy' ? roubles(price) : ''
  find('[data-label]', element).textContent = labelOf(element, step)
}

const toggle = (element: HTMLElement, isShown: boolean): void => void (element.hidden = !isShown)

function labelOf({ dataset }: HTMLFormElement, step: Step): string {
  if (step !== 'buy') return (step === 'get-code' ? dataset['getCode'] : dataset['checkCode']) ?? ''
  return (main().dataset['mode'] === 'suborder' ? dataset['add'] : dataset['buy']) ?? ''
}

/** An amount as people type it, as a person reads it: never through a floating-point number. Nothing where it is no amount yet. */
function roubles(typed: string): string {
  const [, whole, decimals = ''] = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(typed.replace(/[\s\u00a0\u202f₽]/g, '')) ?? []
  if (whole === undefined) return ''
  const isRussian = document.documentElement.lang === 'ru'
  const grouped = whole.replace(/^0+(?=\d)/, '').replace(/\B(?=(\d{3})+$)/g, isRussian ? '\u00a0' : ',')
  const rest = /^0*$/.test(decimals) ? '' : `${isRussian ? ',' : '.'}${decimals.padEnd(2, '0')}`
  return isRussian ? `${grouped}${rest}\u00a0₽` : `₽${grouped}${rest}`
}

/** What the chosen voucher costs by now. Whoever sends the form again has seen that price. */
export function showPrice(element: HTMLFormElement, { text, roubles }: NewPrice): void {
  const [radio, seen] = [chosen(element), fieldOf(element, 'seen')]
  if (!radio) return
  const others = seen.value.split(' ').filter((each) => each !== '' && !each.startsWith(`${radio.value}=`))
  seen.value = [...others, `${radio.value}=${roubles}`].join(' ')
  radio.dataset['price'] = roubles
  find('.offer-price', radio.closest('label') ?? element).textContent = text
  show(element)
}

/** What happened, above the button; nothing once the form is sent again. */
export function say(element: HTMLFormElement, text: string | null, { isGood = false } = {}): void {
  const [alert, note] = [find('#minapp-alert', element), find('#minapp-note', element)]
  toggle(alert, text !== null && !isGood)
  toggle(note, text !== null && isGood)
  ;(isGood ? note : alert).textContent = text ?? ''
  if (text === null) for (const field of all('[aria-invalid]', element)) field.removeAttribute('aria-invalid')
}

/** Moves the page as little as needed for what is said to be seen: after a field was given the focus, which moves the page for itself alone. */
export function bringIntoSight(element: HTMLFormElement): void {
  for (const said of all('#minapp-alert, #minapp-note', element)) said.scrollIntoView({ block: 'nearest' })
}
