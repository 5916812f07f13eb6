import { randomUUID } from 'node:crypto'
import type { MinappAnswer } from '../../src/storefront/minapp-answer'
import { Shop } from '../orders/shop'
import type { World } from '../support/world'

export const JSON_ANSWER = { accept: 'application/json' }
/** Of the demo's catalogue. */
export const POINTS = '019ab0de-0000-4000-8000-000000000001'
export const COFFEE = '019ab0de-0000-4000-8000-000000000002'

export type Fields = Readonly<Record<string, string>>

/** What visitors of the mini-app do, as its script does it. @param world once it is there */
export function visitorsOf(world: () => World) {
  const guest = (change: Fields = {}): Fields => ({
    choice: POINTS,
    amount: '500',
    who: 'guest',
    email: `${randomUUID()}@example.test`,
    key: randomUUID(),
    id: 'm-1',
    ...change,
  })
  const send = (fields: Fields, headers: Fields = {}): Promise<Response> =>
    fetch(`${world().url}/minapp`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { ...JSON_ANSWER, origin: world().url, 'sec-fetch-site': 'same-origin', ...headers },
      redirect: 'manual',
    })
  const say = async (fields: Fields): Promise<MinappAnswer> => (await (await send(fields)).json()) as MinappAnswer
  const make = async (fields: Fields): Promise<Extract<MinappAnswer, { state: 'made' }>> => {
    const answer = await say(fields)
    if (answer.state !== 'made') throw new Error(`No order was made: ${JSON.stringify(answer)}`)
    return answer
  }
  const orderOf = async (key: string) => {
    const [row] = await world().db('orders').where({ intent_key: key }).select<{ number: string }[]>('number')
    return new Shop(world()).order(row?.number ?? '')
  }
  const ordersMade = async (): Promise<number> => Number((await world().db('orders').count({ count: '*' }))[0]?.['count'])
  const read = async (address: string, language = 'ru'): Promise<{ status: number; state: string | undefined; html: string }> => {
    const answer = await fetch(address, { headers: { accept: 'text/html', 'accept-language': language } })
    const html = await answer.text()
    return { status: answer.status, state: /<main[^>]*data-state="([^"]*)"/.exec(html)?.[1], html }
  }
  return { guest, send, say, make, orderOf, ordersMade, read }
}
