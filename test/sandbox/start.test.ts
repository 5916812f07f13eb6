import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startSandbox } from '../../src/sandbox'
import { readConfig } from '../../src/sandbox/config'
import { FAULT_KIND_NAMES, FAULT_SCOPES } from '../../src/sandbox/state/faults'
import { JOURNAL_SIZE, createJournal, forJournal } from '../../src/sandbox/state/journal'
import type { JournalEntry } from '../../src/sandbox/state/journal'
import { MAGIC_AMOUNTS } from '../../src/sandbox/state/magic'
import { toDecimal, toKopecks, toShortest, vatInside } from '../../src/sandbox/state/money'
import { SETTINGS_ABOUT } from '../../src/sandbox/state/settings'

const ROOT = join(__dirname, '../..')

test('a taken port is refused with an error, not a crash', async () => {
  const first = await startSandbox({ port: 0 })
  await expect(startSandbox({ port: first.port })).rejects.toThrow('EADDRINUSE')
  await first.close()
})

test('one seed gives one set of random parts', async () => {
  const customers = await Promise.all(
    [5, 5, 6].map(async (seed) => {
      const sandbox = await startSandbox({ port: 0, seed })
      const reply = await fetch(`${sandbox.url}/_sandbox/invoices`)
      await sandbox.close()
      const { data } = (await reply.json()) as { data: { customer: unknown }[] }
      return JSON.stringify(data.map(({ customer }) => customer))
    }),
  )
  expect(customers[0]).toBe(customers[1])
  expect(customers[0]).not.toBe(customers[2])
})

test('the environment is read once and every fault is named at once', () => {
  expect(readConfig({})).toEqual({ port: 4100 })
  expect(readConfig({ SANDBOX_PORT: '0', SANDBOX_TOKEN: 'a-token-of-mine', SANDBOX_PARTNER_URL: 'http://x/{invoiceId}' })).toEqual({
    port: 0,
    token: 'a-token-of-mine',
    partnerAuthUrl: 'http://x/{invoiceId}',
  })
  expect(() => readConfig({ SANDBOX_PORT: 'x', SANDBOX_TOKEN: 'a b', SANDBOX_PARTNER_URL: 'ftp://x' })).toThrow(
    /SANDBOX_PORT.*SANDBOX_TOKEN.*SANDBOX_PARTNER_URL/,
  )
})

test.each(['SIGTERM', 'SIGINT'] as const)('npm run sandbox prints its links and stops by itself on %s', async (signal) => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/sandbox/main.ts'], {
    cwd: ROOT,
    env: { ...process.env, SANDBOX_PORT: '0' },
  })
  let printed = ''
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (piece: Buffer) => {
      printed += piece.toString()
      if (/token .*\n/.test(printed)) resolve()
    })
    void closed.then(() => resolve())
  })
  const url = /start page +(\S+)\//.exec(printed)?.[1] ?? ''
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  child.kill(signal)
  expect(await closed).toBe(0)
})

test('amounts survive the way in and out', () => {
  for (const text of ['0.01', '12.50', '1239.60', '999999999999.99', '-5.00']) expect(toDecimal(toKopecks(text) ?? 0n)).toBe(text)
  for (const text of ['', '.5', '1.', '1.005', '1e3', '1,5', ' 1', '0x1', '--1', '1'.repeat(13)]) expect(toKopecks(text)).toBeUndefined()
  expect([1250n, 1200n, 10n, 100_000n].map(toShortest)).toEqual(['12.5', '12', '0.1', '1000'])
  expect(vatInside(1_220_000n)).toBe(220_000n)
})

test('the journal is a bounded ring of bounded bodies', () => {
  const journal = createJournal()
  for (let at = 0; at < JOURNAL_SIZE + 5; at++) journal.add({ requestId: String(at) } as JournalEntry)
  const kept = journal.newest(JOURNAL_SIZE * 2)
  expect([kept.length, kept[0]?.requestId, kept.at(-1)?.requestId]).toEqual([JOURNAL_SIZE, String(JOURNAL_SIZE + 4), '5'])
  expect(forJournal('a secret'.padEnd(1_000_000, 'x'), ['secret']).length).toBeLessThan(9_000)
  expect(forJournal('a secret', ['secret'])).toBe('a [hidden]')
})

test('the README names every fault, setting, scope and magic amount', () => {
  const readme = readFileSync(join(ROOT, 'src/sandbox/README.md'), 'utf8')
  const names = [...FAULT_KIND_NAMES, ...FAULT_SCOPES, ...Object.keys(SETTINGS_ABOUT)]
  for (const name of names) expect(readme).toContain(`\`${name}\``)
  for (const magic of MAGIC_AMOUNTS) expect(readme).toContain(`| ${toDecimal(magic.amount)} | ${magic.en} |`)
})

test('in the surroundings of a gateway it takes the token and the page from there', () => {
  expect(readConfig({ SANDBOX_PORT: '0', INVOICEBOX_TOKEN: 'the-token-of-a-gateway', PUBLIC_URL: 'http://localhost:3999/' })).toEqual({
    port: 0,
    token: 'the-token-of-a-gateway',
    partnerAuthUrl: 'http://localhost:3999/pay',
  })
  expect(readConfig({ PORT: '3998' })).toMatchObject({ partnerAuthUrl: 'http://localhost:3998/pay' })
})
