/* global URL */
// The protocol of mini-apps, the parent's side: what a message must look like. Nothing here touches the page.

const isText = (value) => typeof value === 'string'
const isWebAddress = (value) => isText(value) && URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol)
const isNothing = (value) => value === undefined || value === null

/** What `data` of each action must be, and the warning when it is something else. */
const DATA = {
  init: { fits: isNothing, warning: 'initData' },
  height: { fits: (data) => Number.isFinite(data) && data >= 0, warning: 'heightData' },
  done: { fits: (data) => data === null || isWebAddress(data), warning: 'doneData' },
  checkout: { fits: isWebAddress, warning: 'checkoutData' },
  error: { fits: (data) => data === null || (isText(data) && data !== ''), warning: 'errorData' },
  link: { fits: isWebAddress, warning: 'linkData' },
  unavailable: { fits: isNothing, warning: 'unavailableData' },
}

const FIELDS = ['id', 'action', 'data']

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Why the parent pays no attention to a message; null when it does. */
export function whyIgnored(message, id) {
  if (!isObject(message)) return 'notAnObject'
  if (message.id !== id) return isNothing(message.id) ? 'noId' : 'otherId'
  if (!isText(message.action) || !Object.hasOwn(DATA, message.action)) return 'unknownAction'
  return DATA[message.action].fits(message.data) ? null : DATA[message.action].warning
}

/** What is odd about a message that is obeyed all the same. */
export function remarksOn(message, { initsSeen }) {
  return [
    ...(Object.keys(message).some((name) => !FIELDS.includes(name)) ? ['moreFields'] : []),
    ...(message.action !== 'init' && initsSeen === 0 ? ['beforeInit'] : []),
    ...(message.action === 'init' && initsSeen > 0 ? ['initAgain'] : []),
  ]
}

/** The invoice that a payment link is about; undefined when it is no link to a payment page of this sandbox. */
export function containerIn(address, origins) {
  if (!isWebAddress(address)) return undefined
  const { origin, pathname } = new URL(address)
  const [, id] = /^\/order\/([^/]+)$/.exec(pathname) ?? []
  return id !== undefined && origins.includes(origin) ? decodeURIComponent(id) : undefined
}
