import type { Log } from './log'

export interface Loop {
  /** Ends the loop and waits for the run that is under way. */
  stop(): Promise<void>
}

/**
 * Repeats one run of a job until it is stopped, with a pause between the end of one and the start of the next. A run that fails is logged and does not end the loop.
 * `run` answers whether it would find more work at once.
 */
export function startLoop(job: { name: string; pauseMs: number; log: Log; run: () => Promise<boolean> }): Loop {
  let stopped = false
  let wake: () => void = () => undefined
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, job.pauseMs)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  const work = async (): Promise<void> => {
    while (!stopped) {
      const hasMore = await job.run().catch((error: unknown) => {
        job.log.error({ err: error, job: job.name }, 'a run failed and will be repeated')
        return false
      })
      // A caller may have stopped the loop while the run was under way.
      // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition
      if (!hasMore && !stopped) await pause()
    }
  }
  const working = work()
  return {
    async stop() {
      stopped = true
      wake()
      await working
    },
  }
}
