// Every page works without this file; it only makes waiting calmer. Nothing here guards money: the database does.
'use strict'

const main = document.querySelector('main')
const heading = document.querySelector('h1')

/**
 * When the state differs from the one this tab showed last under this address, a screen reader is taken to the new heading: but where the page itself says what was
 * just done or refused, it begins there.
 */
function announceNewState() {
  const key = `state:${location.pathname}`
  try {
    const before = sessionStorage.getItem(key)
    sessionStorage.setItem(key, main.dataset.state)
    if (before !== null && before !== main.dataset.state && !main.querySelector('[autofocus]')) heading.focus()
  } catch {
    // Storage may be switched off; then the page simply starts at its top.
  }
}

/** A form is sent once per click; Back makes it usable again. */
function calmForm(form) {
  const button = form.querySelector('button[type=submit]')
  const label = button.textContent
  let sent = false
  form.addEventListener('submit', (event) => {
    if (sent) {
      event.preventDefault()
      return
    }
    sent = true
    button.setAttribute('aria-disabled', 'true')
    button.textContent = form.dataset.busy
  })
  window.addEventListener('pageshow', () => {
    sent = false
    button.removeAttribute('aria-disabled')
    button.textContent = label
  })
}

/** Asks for the same page again and again, and shows it once it says something new. */
function watch(seconds) {
  setTimeout(async () => {
    if (await hasNewState()) location.reload()
    else watch(Math.min(seconds * 1.5, 30))
  }, seconds * 1000)
}

async function hasNewState() {
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' }, cache: 'no-store' })
    if (!answer.ok) return false
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    return page.querySelector('main')?.dataset.state !== main.dataset.state
  } catch {
    return false
  }
}

/** Leads on after a while, unless the person has come back to this page or has begun to do something here. */
function leadOn(href, seconds) {
  if (performance.getEntriesByType('navigation')[0]?.type === 'back_forward') return
  const timer = setTimeout(() => location.assign(href), seconds * 1000)
  for (const act of ['keydown', 'pointerdown']) document.addEventListener(act, () => clearTimeout(timer), { once: true })
}

/** Counts down to a moment, then shows the page anew. */
function countDown(element) {
  const end = Date.parse(element.dataset.countdownTo)
  const show = () => {
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000))
    const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
    element.textContent = element.dataset.template.replace('{time}', time)
    if (seconds === 0) setTimeout(() => location.reload(), 1000)
    else setTimeout(show, 1000)
  }
  if (end > Date.now()) {
    element.hidden = false
    show()
  }
}

if (main && heading) announceNewState()
for (const form of document.querySelectorAll('form[data-busy]')) calmForm(form)
for (const element of document.querySelectorAll('[data-countdown-to]')) countDown(element)
for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
if (main?.dataset.refresh) watch(Number(main.dataset.refresh))
if (main?.dataset.onward) leadOn(main.dataset.onward, Number(main.dataset.onwardAfter))
