/* global document, sessionStorage */
// The inspector: every message in both directions, newest first. It outlives the way to the payment page and back.

const KEY = 'minapp-messages'
const MOST = 200

const element = (tag, className, text = '') => Object.assign(document.createElement(tag), { className, textContent: text })

function restored() {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]')
    return Array.isArray(kept) ? kept : []
  } catch {
    return [] // Somebody else's words under our key, or storage that is switched off: then nothing is remembered.
  }
}

function remember(entries) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(entries))
  } catch {
    // Full, or switched off: the messages of this page stay visible all the same.
  }
}

const two = (number, digits = 2) => String(number).padStart(digits, '0')

function timeOf(moment) {
  const at = new Date(moment)
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`
}

/** Any value as pretty JSON; what JSON cannot say is said in words. */
export function pretty(value) {
  try {
    return JSON.stringify(value, null, 2) ?? String(value)
  } catch {
    return String(value)
  }
}

const SHORT = 6

/** What was said folds away: long ones of earlier openings are folded already. */
function row({ at, direction, action, text, warnings }, texts, isOld = false) {
  const item = element('li', `message message-${direction}${warnings.length > 0 ? ' message-warned' : ''}`)
  const whole = element('details', '')
  whole.open = !isOld || text.split('\n').length <= SHORT
  const head = element('summary', 'message-head')
  const time = element('time', 'message-time', timeOf(at))
  time.dateTime = new Date(at).toISOString()
  head.append(element('span', 'message-direction', texts.directions[direction]), element('strong', 'message-action', action), time)
  if (text) {
    whole.append(head, element('pre', 'message-body', text))
    item.append(whole)
  } else {
    const line = element('p', 'message-head')
    line.append(...head.childNodes)
    item.append(line)
  }
  for (const warning of warnings) item.append(element('p', 'message-warning', `⚠ ${warning}`))
  return item
}

/** @returns add(entry): a line of `direction` in, out or note, with what was said and what is wrong with it */
export function createLog(panel, texts) {
  const list = panel.querySelector('[data-messages]')
  const count = panel.querySelector('[data-count]')
  let entries = restored()
  const show = () => {
    const messages = entries.filter(({ direction }) => direction !== 'note').length
    const warnings = entries.reduce((sum, entry) => sum + entry.warnings.length, 0)
    count.textContent = texts.count.replace('{messages}', messages).replace('{warnings}', warnings)
  }
  list.append(...entries.map((entry) => row(entry, texts, true)))
  panel.querySelector('[data-clear]').addEventListener('click', () => {
    entries = []
    list.replaceChildren()
    remember(entries)
    show()
  })
  show()
  return ({ direction, action, text = '', warnings = [] }) => {
    const entry = { at: Date.now(), direction, action, text, warnings }
    entries = [entry, ...entries].slice(0, MOST)
    list.prepend(row(entry, texts))
    while (list.children.length > MOST) list.lastElementChild.remove()
    remember(entries)
    show()
  }
}
