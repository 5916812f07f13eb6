import { createLog } from '../../src/shared/log'
import { startLoop } from '../../src/shared/loop'

const log = createLog('silent')

/** A job whose runs a test ends by hand. */
function makeJob() {
  const runs: { end: (hasMore: boolean) => void; fail: (error: Error) => void }[] = []
  const watchers: (() => void)[] = []
  const run = (): Promise<boolean> =>
    new Promise((end, fail) => {
      runs.push({ end, fail })
      for (const watch of watchers.splice(0)) watch()
    })
  const nth = async (n: number) => {
    while (runs.length < n) await new Promise<void>((resolve) => void watchers.push(resolve))
    return runs[n - 1] as (typeof runs)[number]
  }
  return { run, nth, count: () => runs.length }
}

test('a loop runs at once, again at once while there is more, and again after a pause', async () => {
  const job = makeJob()
  const loop = startLoop({ name: 'job', pauseMs: 1, log, run: job.run })
  ;(await job.nth(1)).end(true)
  ;(await job.nth(2)).end(false)
  ;(await job.nth(3)).end(false)
  ;(await job.nth(4)).end(false)
  await loop.stop()
})

test('a loop with more to do does not wait for its pause', async () => {
  const job = makeJob()
  const loop = startLoop({ name: 'job', pauseMs: 2 ** 30, log, run: job.run })
  for (let n = 1; n <= 5; n++) (await job.nth(n)).end(n < 5)
  await loop.stop()
  expect(job.count()).toBe(5)
})

test('a run that fails is logged by the name of its job and does not end the loop', async () => {
  const lines: string[] = []
  const job = makeJob()
  const loop = startLoop({
    name: 'mend',
    pauseMs: 1,
    log: createLog('error', { write: (line: string) => void lines.push(line) }),
    run: job.run,
  })
  ;(await job.nth(1)).fail(new Error('no luck'))
  ;(await job.nth(2)).end(false)
  await loop.stop()
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([{ job: 'mend', err: { message: 'no luck' } }])
})

test('stopping in a pause ends it at once', async () => {
  const job = makeJob()
  const loop = startLoop({ name: 'job', pauseMs: 2 ** 30, log, run: job.run })
  ;(await job.nth(1)).end(false)
  await new Promise((resolve) => setImmediate(resolve))
  await loop.stop()
  expect(job.count()).toBe(1)
})

test('stopping in a run waits for its end and starts no other, although there is more', async () => {
  const job = makeJob()
  const loop = startLoop({ name: 'job', pauseMs: 0, log, run: job.run })
  const first = await job.nth(1)
  let isStopped = false
  const stopping = loop.stop().then(() => (isStopped = true))
  await new Promise((resolve) => setImmediate(resolve))
  expect(isStopped).toBe(false)
  first.end(true)
  await stopping
  expect(job.count()).toBe(1)
})

test('stopping twice is harmless', async () => {
  const job = makeJob()
  const loop = startLoop({ name: 'job', pauseMs: 0, log, run: job.run })
  ;(await job.nth(1)).end(false)
  await Promise.all([loop.stop(), loop.stop()])
})
