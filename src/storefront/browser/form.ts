import type { MinappAnswer } from '../minapp-answer'
import { bringIntoSight, chosen, fieldOf, isPoints, say, show, showPrice } from './form-view'
import { all, find, findAs } from './page'

/** The form, and what stands around its fields. */
export interface Form {
  readonly element: HTMLFormElement
  readonly onMade: (made: Extract<MinappAnswer, { state: 'made' }>) => void
  readonly onPaid: (href: string) => void
  readonly onWaiting: () => void
  readonly onRefused: (text: string) => void
}

/** Makes the form of the page live: ready amounts, the total, one step after the other behind one button. */
export function bringToLife(form: Form): void {
  const { element } = form
  for (const chip of all<HTMLButtonElement>('[data-chip]', element)) chip.addEventListener('click', () => takeChip(element, chip))
  element.addEventListener('input', (event) => changed(element, event.target as HTMLInputElement))
  element.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!isBusy(element)) void send(form)
  })
  find('[data-not-me]', element).addEventListener('click', () => forget(element))
  find('[data-new-code]', element).addEventListener('click', () => {
    forgetCode(element)
    show(element)
    element.requestSubmit()
  })
  show(element)
}

/** Whatever the form is for has changed, so it is another intent: sent again unchanged it is the same order, changed it is another one. */
function changed(element: HTMLFormElement, field: HTMLInputElement): void {
  if (field.name === 'amount') choosePoints(element)
  if (field.name === 'email' || field.name === 'who') forgetCode(element)
  if (field.name !== 'code') newKey(element)
  show(element)
}

/** Whoever types an amount wants points. */
function choosePoints(element: HTMLFormElement): void {
  if (isPoints(chosen(element))) return
  const points = all<HTMLInputElement>('[name=choice][data-type=points]', element).find((radio) => !radio.closest('[hidden]'))
  if (points) points.checked = true
}

function takeChip(element: HTMLFormElement, chip: HTMLButtonElement): void {
  const amount = fieldOf(element, 'amount')
  amount.value = chip.value
  changed(element, amount)
}

/** The next step is to have a new one sent. */
function forgetCode(element: HTMLFormElement): void {
  fieldOf(element, 'code').value = ''
  element.dataset['step'] = ''
}

function forget(element: HTMLFormElement): void {
  fieldOf(element, 'pass').value = ''
  findAs(HTMLInputElement, '[name=who][value=guest]', element).checked = true
  newKey(element)
  show(element)
  fieldOf(element, 'email').focus()
}

/** A random UUID; `crypto.randomUUID` is missing where the page came over plain http. */
function newKey(element: HTMLFormElement): void {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  fieldOf(element, 'key').value = hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const isBusy = (element: HTMLFormElement): boolean => element.getAttribute('aria-busy') === 'true'

function setBusy(element: HTMLFormElement, isNow: boolean): void {
  element.setAttribute('aria-busy', String(isNow))
  find('button[type=submit]', element).setAttribute('aria-disabled', String(isNow))
  keepStill(element, isNow)
  if (isNow) find('[data-label]', element).textContent = element.dataset['working'] ?? ''
  else show(element)
}

/** What is asked for stays as it was when it was asked for. The button and the messages stay alive: the focus waits on the button. */
function keepStill(element: HTMLFormElement, isNow: boolean): void {
  const parts = all('fieldset, [data-part]', element)
  if (isNow && parts.some((part) => part.contains(document.activeElement))) find('button[type=submit]', element).focus()
  for (const part of parts) part.inert = isNow
}

const ASK_AGAIN_MS = 1_500
const MOST_ASKED = 60

const fieldsOf = (element: HTMLFormElement): URLSearchParams =>
  new URLSearchParams(new FormData(element) as unknown as Record<string, string>)

/** Sends the form as it is now, again and again with the same key, until there is something to say. */
async function send(form: Form, body = fieldsOf(form.element), asked = 0): Promise<void> {
  const { element } = form
  say(element, null)
  setBusy(element, true)
  const answer = await ask(element, body)
  if (answer.state === 'waiting' && asked < MOST_ASKED) {
    form.onWaiting()
    setTimeout(() => void send(form, body, asked + 1), ASK_AGAIN_MS)
    return
  }
  setBusy(element, false)
  take(form, answer)
}

interface Fault {
  readonly error?: { readonly message?: string }
}

/** Our own door alone, and no cookie goes along. A lost connection is a refusal like others: the key makes another try safe. */
async function ask({ action, dataset }: HTMLFormElement, body: URLSearchParams): Promise<MinappAnswer> {
  const headers = { accept: 'application/json', 'accept-language': document.documentElement.lang }
  const offline = { state: 'refused', text: dataset['offline'] ?? '', field: null, isOver: false } as const
  try {
    const read = (await (await fetch(action, { method: 'POST', body, headers, credentials: 'omit' })).json()) as MinappAnswer & Fault
    return 'state' in read ? read : { ...offline, text: (read as Fault).error?.message ?? offline.text }
  } catch {
    return offline
  }
}

function take(form: Form, answer: MinappAnswer): void {
  answerWith(form, answer)
  bringIntoSight(form.element)
}

function answerWith(form: Form, answer: MinappAnswer): void {
  const { element } = form
  switch (answer.state) {
    case 'made':
      form.onMade(answer)
      return
    case 'paid':
      form.onPaid(answer.href)
      return
    case 'code-sent':
      fieldOf(element, 'pass').value = '' // One that was there is over.
      fieldOf(element, 'code').value = ''
      element.dataset['step'] = 'check-code'
      say(element, answer.text, { isGood: true })
      show(element)
      fieldOf(element, 'code').focus()
      return
    case 'recognised':
      fieldOf(element, 'pass').value = answer.pass
      forgetCode(element)
      find('[data-name]', element).textContent = (element.dataset['known'] ?? '').replace('{name}', () => answer.name)
      say(element, answer.text, { isGood: true })
      show(element)
      find('button[type=submit]', element).focus()
      return
    case 'waiting':
    case 'refused':
      refuse(form, answer)
  }
}

function refuse({ element, onRefused }: Form, answer: Extract<MinappAnswer, { text: string }>): void {
  if (answer.state === 'refused' && answer.isOver) newKey(element)
  if (answer.state === 'refused' && answer.price) showPrice(element, answer.price)
  const name = answer.state === 'refused' ? answer.field : null
  onRefused(answer.text)
  say(element, answer.text)
  if (name === null) return
  if (name !== 'amount') fieldOf(element, 'pass').value = ''
  show(element)
  const field = fieldOf(element, name)
  field.setAttribute('aria-invalid', 'true')
  field.setAttribute('aria-describedby', 'minapp-alert')
  field.focus()
}
