import { fetchPage, find, main, takeFrom } from './page'
import { tell } from './parent'

const SLOWER = 1.3
const SLOWEST_SECONDS = 30
const LATE_MS = 20_000

/** In a frame the parent opens the payment page; by itself the link does. */
export function leadToPayment(): void {
  document.addEventListener('click', (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[data-pay-again]')
    if (!link || document.body.dataset['host'] !== 'framed') return
    event.preventDefault()
    tell.done(link.href)
  })
}

/** Looks again and again what became of the order, and shows it once it is something else; after a while says that it takes long. */
export function awaitNews(): void {
  const seconds = Number(main().dataset['refresh'])
  if (!seconds) return
  setTimeout(() => {
    const late = document.querySelector<HTMLElement>('[data-late]')
    if (late) late.hidden = false
  }, LATE_MS)
  look(seconds)
}

function look(seconds: number): void {
  setTimeout(async () => {
    const page = await fetchPage(self.location.href, document.documentElement.lang).catch(() => null)
    if (page && find('main', page).dataset['state'] !== main().dataset['state']) {
      takeFrom(page, ['main'])
      find('h1').focus()
    } else look(Math.min(seconds * SLOWER, SLOWEST_SECONDS))
  }, seconds * 1_000)
}
