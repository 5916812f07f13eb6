import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { saveShop } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { run, workFolder } from '../config/run'
import { World } from '../support/world'
import { VOUCHER } from '../storefront/offers'

test('the catalogue at the command line: offers with their stock, codes out of a file, shops, and a guest who wants to be forgotten', async () => {
  const [world, folder] = [await World.make({ env: { MODE: 'demo' } }), workFolder()]
  const offerId = randomUUID()
  await world.parts.deeds.offers.change.perform({ ...VOUCHER, offerId }, { author: COMMAND_LINE, reason: 'A test', key: offerId })
  const place = { address: 'Невский, 1', link: '', position: 1, isShown: false }
  const titles = { title: { ru: 'Магазин', en: 'A shop' }, text: { ru: '', en: '' } }
  await saveShop(world.parts, { shopId: randomUUID(), ...titles, ...place, author: COMMAND_LINE, reason: 'A test' })
  const gateway = (...args: string[]) => run(args, { cwd: folder.path, env: { MODE: 'sandbox', DATABASE_URL: world.databaseUrl } })

  const file = join(folder.path, 'codes.csv')
  writeFileSync(file, 'AAA-1;x\r\nAAA-2\nAAA-1\n')
  const imported = await gateway('catalogue', 'import-codes', offerId, file, '--json')
  expect([imported.code, JSON.parse(imported.out)]).toEqual([
    0,
    { added: 2, duplicates: 1, oddLines: [], free: 2, first: 'A…1', last: 'A…1' },
  ])
  writeFileSync(file, '<>\nAAA-3\n')
  // Without the secret that the servers have, nothing is known again.
  const blind = await run(['catalogue', 'import-codes', offerId, file], { cwd: folder.path, env: { DATABASE_URL: world.databaseUrl } })
  expect(blind).toMatchObject({ code: 1, err: expect.stringContaining('SESSION_SECRET is missing') as string })
  const odd = await gateway('catalogue', 'import-codes', offerId, file, '--json')
  expect([odd.code, JSON.parse(odd.out)]).toMatchObject([1, { added: 0, oddLines: [1], free: 2 }])
  expect((await gateway('catalogue', 'import-codes', 'no-offer', file)).code).not.toBe(0)
  expect((await gateway('catalogue', 'import-codes', offerId, join(folder.path, 'no-file'))).code).not.toBe(0)

  writeFileSync(file, 'AAA-3\nAAA-4\n')
  const env = { MODE: 'sandbox', DATABASE_URL: world.databaseUrl, TWO_EYES_ROUBLES: '900' }
  const waits = await run(['catalogue', 'import-codes', offerId, file, '--json'], { cwd: folder.path, env })
  expect([waits.code, Object.keys(JSON.parse(waits.out) as object), waits.err]).toEqual([3, ['waiting'], expect.stringContaining('again')])

  const listed = await gateway('catalogue', 'list', '--json')
  expect(JSON.parse(listed.out)).toMatchObject([
    { id: offerId, type: 'voucher', price: '250.00', onSale: true, free: 2, reserved: 0, sold: 0 },
  ])
  expect(`${listed.out}${imported.out}`).not.toContain('AAA-')
  expect((await gateway('catalogue')).out).toContain('Кофе с собой')
  expect(JSON.parse((await gateway('shops', 'list', '--json')).out)).toMatchObject([
    { title: 'Магазин', shown: false, marketplace: 'none' },
  ])
  expect(JSON.parse((await gateway('catalogue', 'imports', offerId, '--json')).out)).toMatchObject([{ free: 2, reserved: 0 }])
  const withdrawn = await gateway('catalogue', 'withdraw-codes', offerId, '--reason', 'Leaked', '--json')
  expect([withdrawn.code, JSON.parse(withdrawn.out)]).toEqual([0, { withdrawn: 2, free: 0, reservedBy: [] }])
  const forgotten = await gateway('guests', 'forget', 'olga@example.test', '--json')
  expect(JSON.parse(forgotten.out)).toEqual({ guest_orders: 0, one_time_codes: 0 })
  folder.remove()
  await world.close()
})
