/* global window, document, fetch */
// `checkout`: the payment page opens over the mini-app, which stays alive and is told how it went.

const LOOK_EVERY_MS = 1000

/** The state of an invoice in the words of `paymentResult`; null when no answer came. */
async function stateOf(path) {
  try {
    const answer = await fetch(`${path}/state`, { headers: { Accept: 'application/json' } })
    return answer.ok ? (await answer.json()).status : 'unknown'
  } catch {
    return null
  }
}

/**
 * @param query of the payment page: its language
 * @param tell what to do with the result, once
 */
export function createCheckout(query, tell) {
  const dialog = document.querySelector('[data-checkout]')
  const place = dialog.querySelector('[data-payment-page]')
  let path = null
  const finish = (status) => {
    if (path === null) return
    path = null
    place.replaceChildren()
    if (dialog.open) dialog.close()
    tell(status)
  }
  const look = async () => {
    const asked = path
    if (asked === null) return
    const status = await stateOf(asked)
    if (asked !== path) return
    if (status !== null && status !== 'pending' && status !== 'hold') finish(status)
    else window.setTimeout(() => void look(), LOOK_EVERY_MS)
  }
  dialog.querySelector('[data-close]').addEventListener('click', () => dialog.close())
  dialog.addEventListener('close', () => {
    const left = path
    if (left !== null) void stateOf(left).then((status) => path === left && finish(status ?? 'unknown'))
  })
  return (id) => {
    path = `/order/${encodeURIComponent(id)}`
    place.replaceChildren(
      Object.assign(document.createElement('iframe'), { title: dialog.querySelector('h2').textContent, src: path + query }),
    )
    dialog.showModal()
    void look()
  }
}
