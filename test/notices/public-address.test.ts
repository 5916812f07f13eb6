import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNotices, listNotices } from '../../src/notices'
import { isPublicAddress } from '../../src/notices/public-address'
import { openAlerts } from '../../src/shared/alerts'
import { systemClock } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { createLog } from '../../src/shared/log'
import { createSeal } from '../../src/shared/seal'
import { makeDatabase } from '../support/databases'

test.each([
  ['8.8.8.8', true],
  ['2a00:1450:4010::8a', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.31.255.255', false],
  ['172.32.0.1', true],
  ['192.168.0.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['255.255.255.255', false],
  ['::1', false],
  ['::ffff:127.0.0.1', false],
  ['::ffff:8.8.8.8', false],
  ['fe80::1', false],
  ['fd00::1', false],
  ['2002:7f00:1::', false],
  ['64:ff9b::7f00:1', false],
  ['2001:db8::1', false],
  ['not an address', false],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})

test('in production no webhook leads into the own network, by number or by name', async () => {
  let calls = 0
  const hook = createServer((_req, res) => {
    calls++
    res.end()
  })
  await new Promise<void>((resolve) => hook.listen(0, resolve))
  const { port } = hook.address() as AddressInfo
  const database = await makeDatabase('sqlite')
  const db = database.open()
  const seal = createSeal('a secret of this test, long enough', 'test')
  for (const [index, host] of ['127.0.0.1', 'localhost', '[::1]', '0x7f.1'].entries()) {
    const notices = createNotices({
      db,
      clock: systemClock,
      log: createLog('silent'),
      storefront: { codes: seal, oneTimeCodes: seal, memberPasses: seal, orderPasses: seal, zone: 'Europe/Moscow' },
      settings: {
        publicUrl: new URL('https://pay.example.org'),
        programName: 'Test',
        zone: 'Europe/Moscow',
        mail: { url: undefined, from: 'points@example.org' },
        alerts: { emails: [], webhookUrl: `http://${host}:${port}/`, webhookSecret: 'a secret of the webhook' },
        allowPrivate: false,
      },
    })
    await inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'clock_off', subject: `host-${index}`, detail: 'off', at: systemClock.now() }]))
    await notices.queue()
    await notices.callWebhook()
    await notices.close()
    const [notice] = await listNotices(db, { limit: 1 })
    expect([host, notice?.state, notice?.lastError]).toEqual([host, 'queued', 'NOT_PUBLIC'])
  }
  expect(calls).toBe(0)
  await database.drop()
  await new Promise((resolve) => hook.close(resolve))
})
