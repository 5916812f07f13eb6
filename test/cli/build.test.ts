import { execFile } from 'node:child_process'
import { cpSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { run, start, workFolder } from '../config/run'

const ROOT = join(__dirname, '../..')

describe('the built product', () => {
  const folder = workFolder()
  const dist = join(folder.path, 'dist')
  const program = process.execPath
  const file = join(dist, 'src/main.js')
  const built = { cwd: folder.path, file, env: { MODE: 'sandbox', DATABASE_URL: 'sqlite:./built.sqlite3', PORT: '0' } }

  beforeAll(async () => {
    await new Promise<void>((done, fail) => {
      const args = [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', dist, '--noCheck']
      execFile(program, args, { cwd: ROOT }, (error, out) => (error ? fail(new Error(out)) : done()))
    })
    // What stands beside `dist` where the product is installed.
    cpSync(join(ROOT, 'package.json'), join(folder.path, 'package.json'))
    for (const name of ['views', 'public', 'node_modules']) symlinkSync(join(ROOT, name), join(folder.path, name))
  }, 120_000)
  afterAll(folder.remove)

  test('runs: help, migrations, and then there is nothing left to migrate', async () => {
    expect(await run(['--help'], built)).toMatchObject({ code: 0, err: '' })
    expect(await run(['migrate'], built)).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/^Applied: 001_ledger/) as string })
    expect(await run(['migrate'], built)).toMatchObject({ code: 0, out: 'The database is up to date.\n' })
  }, 60_000)

  test('takes a database that the sources have migrated, and the other way round', async () => {
    const fromSources = { cwd: folder.path, env: built.env, file: join(ROOT, 'src/main.ts') }
    expect(await run(['migrate'], fromSources)).toMatchObject({ code: 0, out: 'The database is up to date.\n' })
  }, 60_000)

  test('serves pages and their files', async () => {
    const web = start(['serve', '--with-worker'], { ...built, env: { ...built.env, INVOICEBOX_API_URL: 'http://127.0.0.1:1' } })
    const port = /"port":(\d+)/.exec(await web.says(/"port":\d+/))?.[1] ?? ''
    const page = await fetch(`http://127.0.0.1:${port}/sign-in`)
    const html = await page.text()
    expect([page.status, html]).toEqual([200, expect.stringContaining('name="login"')])
    const files = [...html.matchAll(/(?:href|src)="(\/(?:assets|brand)[^"]+)"/g)].map(([, path = '']) => path)
    const shop = await (await fetch(`http://127.0.0.1:${port}/minapp`)).text()
    files.push(/src="([^"]+minapp\.js[^"]*)"/.exec(shop)?.[1] ?? '/no-script')
    expect(files.length).toBeGreaterThan(4)
    for (const path of files) expect([path, (await fetch(`http://127.0.0.1:${port}${path}`)).status]).toEqual([path, 200])
    expect((await web.stop()).code).toBe(0)
  }, 60_000)
})
