import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'undici'
import { stock } from '../books'
import { keepCalling } from '../callers'
import { makeCheckouts } from '../checkouts'
import { startServer } from '../child'
import type { Child } from '../child'
import { freePort } from '../../test/support/free-port'
import type { Bench, Group } from '../group'
import type { Comparison, Workload } from '../measure'
import { startGateway } from '../product'
import { addVisitors, confirming, expectAllCaptured, looking, signInAll } from '../site'
import type { Visitor } from '../visitors'
import { issueConsent } from '../../src/payments/consent'
import { presentCheckout } from '../../src/payments/present'
import { viewCheckout } from '../../src/payments/view-checkout'
import { systemClock } from '../../src/shared/clock'
import { createTexts } from '../../src/shared/texts'
import type { Parts } from '../../src/wiring'

const CONNECTIONS = 32

/** Pages over HTTP: gateway, upstream and baseline each in a process of its own, asked by this one. */
export const pagesGroup: Group = {
  name: 'pages',
  about: 'the payment page and the confirm over HTTP, against bare Express',
  async prepare(bench) {
    const cluster = await bench.postgres()
    const upstream = await startServer('upstream', await freePort())
    const sites = [
      await openSite(bench, 'PostgreSQL', await cluster.fresh('bench_pages'), upstream),
      await openSite(bench, 'SQLite', `sqlite:${join(bench.folder, 'pages.sqlite3')}`, upstream),
    ]
    const bare = await startBare(bench, sites[0] as Site)
    return {
      comparisons: sites.flatMap((site) => site.comparisons(bare)),
      warmedUp: async () => {
        for (const site of sites) await site.analyze()
      },
      close: async () => {
        await Promise.all([...sites.map((site) => site.stop()), bare.stop(), upstream.stop()])
        for (const site of sites) await site.close()
      },
    }
  },
}

interface Site {
  readonly parts: Parts
  /** A page that its member sees as ready to be paid. */
  readonly sample: { readonly checkoutId: string; readonly memberId: string }
  comparisons(bare: Bare): Comparison[]
  analyze(): Promise<void>
  /** Ends the gateway. */
  stop(): Promise<void>
  /** Audits the books. */
  close(): Promise<void>
}

async function openSite(bench: Bench, engine: string, url: string, upstream: Child): Promise<Site> {
  bench.progress(`opening a gateway on ${engine}`)
  const { parts, analyze, close } = await stock(url, 0)
  const members = await addVisitors(parts, CONNECTIONS)
  const gateway = await startGateway({ product: await bench.product(), databaseUrl: url, upstreamUrl: upstream.url })
  const visitors = await signInAll(gateway, members)
  const waiting = await makeCheckouts(
    parts,
    members.map(({ memberId }) => memberId),
    systemClock.now(),
  )
  const pageOf = new Map(waiting.map(({ memberId, checkoutId }) => [memberId, `/pay/${checkoutId}`]))
  const [sample] = waiting
  if (!sample) throw new Error('bug: no visitors')
  const { seconds } = bench.plan
  const page = looking(`payment page, ${engine}`, visitors, seconds, ({ memberId }) => pageOf.get(memberId) ?? '')
  const confirm = confirming(`confirm, ${engine}`, parts, visitors, seconds)
  return {
    parts,
    sample,
    comparisons: (bare) => [compared(`payment page, ${engine}`, page, bare.page), compared(`confirm, ${engine}`, confirm, bare.confirm)],
    analyze,
    stop: () => stopSite(gateway, visitors),
    close: () => expectAllCaptured(parts).finally(close),
  }
}

async function stopSite(gateway: Child, visitors: readonly Visitor[]): Promise<void> {
  await Promise.all(visitors.map((visitor) => visitor.close()))
  await gateway.stop()
}

const compared = (figure: string, workload: Workload, baseline: Workload): Comparison => ({
  figure: `${figure}, ${CONNECTIONS} connections`,
  unit: 'answers/s',
  workload,
  baseline,
  target: { atLeast: 0.5 },
})

interface Bare {
  readonly page: Workload
  readonly confirm: Workload
  stop(): Promise<void>
}

async function startBare(bench: Bench, { parts, sample }: Site): Promise<Bare> {
  const file = join(bench.folder, 'page-model.json')
  writeFileSync(file, JSON.stringify(await modelOf(parts, sample)))
  const server = await startServer('bare', await freePort(), [file])
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(server.url))
  const { seconds } = bench.plan
  const asking = (name: string, method: 'GET' | 'POST', path: string, status: number): Workload => ({
    name,
    run: () =>
      keepCalling(
        async (caller) => {
          const answer = await (clients[caller] as Client).request({ method, path })
          await answer.body.text()
          if (answer.statusCode !== status) throw new Error(`The baseline answered ${answer.statusCode}.`)
          return true
        },
        { callers: CONNECTIONS, seconds },
      ),
  })
  return {
    page: asking('bare Express + EJS, the same template', 'GET', '/page', 200),
    confirm: asking('an Express POST handler that does nothing', 'POST', '/confirm', 303),
    stop: async () => {
      await Promise.all(clients.map((client) => client.close()))
      await server.stop()
    },
  }
}

/** Everything that the page's template prints, as the gateway would hand it over. */
async function modelOf(parts: Parts, { checkoutId, memberId }: Site['sample']): Promise<object> {
  const view = await viewCheckout(parts, checkoutId, memberId)
  const { invoiceId } = view.checkout
  return presentCheckout(
    view,
    { t: createTexts().translator('ru'), language: 'ru' },
    {
      notice: undefined,
      consent: (invoice, points) =>
        issueConsent(parts.settings.secret, { checkoutId, memberId, invoiceId, amount: invoice.amount, points }, parts.clock.now()),
    },
  )
}
