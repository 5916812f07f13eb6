import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { createApprovals, WeighsMore } from '../../src/approvals'
import type { Deed } from '../../src/approvals'
import { answerDeed } from '../../src/backoffice/deed-routes'
import { createTexts } from '../../src/shared/texts'
import { World } from '../support/world'

test('a deed that weighs more each time it is tried is a busy moment and no fault: its form comes back under the same key', async () => {
  const world = await World.make({ fund: '0' })
  const operator = { kind: 'staff', id: randomUUID(), login: 'olga', role: 'operator' } as const
  let tries = 0
  const deed: Deed<{ what: string }> = {
    kind: 'test_deed',
    permission: 'members.adjust',
    payload: z.strictObject({ what: z.string() }),
    weigh: () => 'never',
    preview: () => Promise.resolve({ subject: 'test', before: {}, after: {} }),
    perform: () => (++tries > 10 ? Promise.resolve('done') : Promise.reject(new WeighsMore())),
  }
  const approvals = createApprovals({ ...world.parts, alone: world.parts.config.alone }, [deed])
  const order = { payload: { what: 'x' }, author: operator, reason: 'x', key: randomUUID() }
  await expect(approvals.submit(deed, order)).rejects.toMatchObject({ code: 'overloaded', status: 503 })
  tries = 0
  const [body, shown, led] = [{ reason: 'x', confirmed: 'yes' as const, key: order.key }, [] as unknown[], [] as string[]]
  const context = {
    staff: operator,
    language: 'en' as const,
    t: createTexts().translator('en'),
    input: { body },
    page: (view: string, model: object, status?: number) => void shown.push({ view, status, ...model }),
    redirect: (path: string) => void led.push(path),
  }
  const form = { section: 'fund', deed, payload: order.payload, what: 'x', action: '/x', fields: {}, back: '/back' } as const
  await answerDeed(context, approvals, form)
  const fields = expect.arrayContaining([['key', order.key]]) as unknown
  expect(shown).toEqual([expect.objectContaining({ view: 'backoffice/confirm', status: 503, busy: true, fields })])
  await answerDeed(context, approvals, form)
  expect([shown.length, led]).toEqual([1, ['/back?done=done']])
  await world.close()
})
