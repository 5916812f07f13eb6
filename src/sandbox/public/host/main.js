/* global window, document */
// The page that hosts a mini-app: answers what it says, as the reference's section 5.4 has it.
import { openChannel } from './channel.js'
import { createCheckout } from './checkout.js'
import { createLog, pretty } from './log.js'
import { containerIn, remarksOn, whyIgnored } from './protocol.js'

const root = document.querySelector('[data-host]')
const host = JSON.parse(root.dataset.host)
const { texts } = host
const find = (name) => root.querySelector(`[data-${name}]`)
const [frame, stage, said, initial] = ['frame', 'stage', 'said', 'initial'].map(find)
const log = createLog(find('inspector'), texts)
const ownOrigins = [host.sandboxOrigin, window.location.origin]

let initsSeen = 0
let isFullHeight = false
let isClosed = false

const wordsFor = (codes) => codes.map((code) => texts.warnings[code] ?? code)

/** A line to the person over the frame, with a link where there is one. */
function say(text, { isBad = false, href } = {}) {
  said.hidden = false
  said.className = isBad ? 'notice notice-bad' : 'notice'
  said.textContent = text
  if (href === undefined) return
  const link = Object.assign(document.createElement('a'), { href, target: '_blank', rel: 'noopener noreferrer', textContent: href })
  said.append(' ', link)
}

function close(text) {
  isClosed = true
  frame.src = 'about:blank'
  stage.hidden = true
  root.dataset.state = 'closed'
  say(text)
}

/** What the person has put into the box; undefined when the parent is to stay silent, or cannot say it. */
function initialData() {
  if (initial.value.trim() === '') {
    log({ direction: 'note', action: texts.silent })
    return undefined
  }
  try {
    return JSON.parse(initial.value)
  } catch (fault) {
    log({ direction: 'note', action: texts.badInitial, text: String(fault.message), warnings: wordsFor(['notSent']) })
    return undefined
  }
}

function tell(message) {
  log({ direction: 'out', action: message.action, text: pretty(message) })
  send(message)
}

const isReport = (data) => typeof data === 'object' && data !== null && 'action' in data

function refusePayment(address) {
  const fault = whyNotPaid(address)
  if (fault) say(`${texts.warnings[fault]} ${texts.notFollowed}`, { isBad: true, href: address })
  return fault !== null
}

function goToPayment(address) {
  if (refusePayment(address)) return
  if (host.slot) return window.location.assign(`${host.orderPath}#orders`)
  const form = document.querySelector('[data-payment]')
  form.elements.container.value = containerIn(address, ownOrigins)
  form.submit()
}

const checkout = createCheckout(host.langQuery, (status) => {
  say(texts.checkoutEnded.replace('{status}', status))
  tell({ id: host.id, action: 'paymentResult', data: status })
})

const deeds = {
  init() {
    initsSeen += 1
    const data = initialData()
    if (data === undefined) return
    isFullHeight = data?.public?.fullHeight === true
    stage.classList.toggle('stage-full', isFullHeight)
    tell({ id: host.id, action: 'init', data })
  },
  height(pixels) {
    frame.style.height = `${Math.min(Math.max(Math.ceil(pixels), 40), 20000)}px`
  },
  done: (address) => (address === null ? close(texts.doneUnpaid) : goToPayment(address)),
  error: (text) => say(text ?? texts.error, { isBad: true }),
  link(href) {
    window.open(href, '_blank', 'noopener')
    say(texts.link, { href })
  },
  unavailable: () => close(texts.unavailable),
  checkout(address) {
    if (!refusePayment(address)) checkout(containerIn(address, ownOrigins))
  },
}

/** What is wrong with a payment link that is right as a link; null is none. */
function whyNotPaid(address) {
  const id = containerIn(address, ownOrigins)
  if (id === undefined) return 'foreignPayment'
  return host.slot && id !== host.containerId ? 'otherContainer' : null
}

const paymentRemarks = ({ action, data }) => {
  const fault = ['done', 'checkout'].includes(action) && data !== null ? whyNotPaid(data) : null
  return fault ? [fault, 'ignored'] : []
}

function hear({ message, warnings }) {
  if (isClosed) return
  const ignored = warnings[0] ?? whyIgnored(message, host.id)
  const remarks = ignored ? [ignored, 'ignored'] : [...remarksOn(message, { initsSeen }), ...paymentRemarks(message)]
  log({ direction: 'in', action: String(message?.action ?? '?').slice(0, 60), text: pretty(message), warnings: wordsFor(remarks) })
  if (!ignored) deeds[message.action](message.data)
}

/** Extensions and tools of the browser post messages too: only what looks like a mini-app's is worth a line. */
function stranger({ data, from, warning }) {
  if (isReport(data) || data?.fromWebView !== undefined)
    log({ direction: 'in', action: String(data.action ?? '?'), text: pretty(data), warnings: [`${texts.warnings[warning]} ${from}`] })
}

const send = openChannel({ frame, origin: host.frameOrigin, isWebView: host.isWebView }, { hear, stranger })

function open() {
  isClosed = false
  initsSeen = 0
  said.hidden = true
  stage.hidden = false
  frame.style.height = ''
  root.dataset.state = 'open'
  log({ direction: 'note', action: texts.opened, text: host.src })
  frame.src = host.src
}

find('reopen').addEventListener('click', open)
find('result').addEventListener('submit', (event) => {
  event.preventDefault()
  tell({ id: host.id, action: 'paymentResult', data: event.target.elements.status.value })
})
open()
