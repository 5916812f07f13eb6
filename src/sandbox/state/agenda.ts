/** What is to happen at a moment of the sandbox clock: repeated notifications, refunds that complete by themselves. */
export interface Agenda {
  at(due: Date, run: () => void): void
  /** The clock has moved: whatever has become due happens now, oldest first. */
  wake(): void
  clear(): void
}

interface Task {
  readonly due: number
  readonly run: () => void
}

/** Timers cannot wait longer than 2^31 milliseconds, and looking again once a day costs nothing. */
const LONGEST_WAIT = 24 * 60 * 60 * 1_000

export function createAgenda(now: () => Date): Agenda {
  let tasks: Task[] = []
  let timer: NodeJS.Timeout | undefined
  const wake = (): void => {
    const moment = now().getTime()
    const due = tasks.filter((task) => task.due <= moment).sort((a, b) => a.due - b.due)
    tasks = tasks.filter((task) => task.due > moment)
    for (const task of due) task.run()
    arm()
  }
  const arm = (): void => {
    clearTimeout(timer)
    if (tasks.length === 0) return
    const soonest = tasks.reduce((least, task) => Math.min(least, task.due), Infinity)
    timer = setTimeout(wake, Math.min(Math.max(soonest - now().getTime(), 0), LONGEST_WAIT)).unref()
  }
  return {
    at(due, run) {
      tasks.push({ due: due.getTime(), run })
      arm()
    },
    wake,
    clear() {
      tasks = []
      clearTimeout(timer)
    },
  }
}
