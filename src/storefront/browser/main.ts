import { watchHeight } from './height'
import { leadLinksOut, showHost, speak } from './page'
import { connect, hasParent, tell } from './parent'
import type { InitialData } from './parent'
import { awaitNews, leadToPayment } from './result'
import { beginAlone, beginFramed } from './shop'

/** A parent that has not answered by then is none (the issue of the mini-app): its answer still counts if it comes. */
const PATIENCE_MS = 3_000

const isShop = document.getElementById('minapp-form') !== null

function begin(): void {
  leadLinksOut((href) => tell.link(href))
  const answered = connect().then((data) => {
    clearTimeout(patience)
    return (isShop ? beginFramed(data) : showResult(data)).then(() => data)
  })
  // Whatever the parent has said, there is a page to use.
  answered.catch(stayAlone)
  const patience = setTimeout(stayAlone, hasParent() ? PATIENCE_MS : 0)
  void answered.then(
    (data) => {
      if (data.fullHeight !== true) watchHeight((pixels) => tell.height(pixels))
    },
    () => undefined,
  )
  if (isShop) return
  leadToPayment()
  awaitNews()
}

async function showResult(data: InitialData): Promise<void> {
  await speak(data.locale)
  showHost('framed', data)
}

const stayAlone = (): void => (isShop ? beginAlone() : showHost('alone'))

begin()
