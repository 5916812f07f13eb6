/** Work that goes on after its caller was answered. Whoever stops the process waits for it first. */
export interface Background {
  /** Keeps an eye on the work until it ends; its failure is the caller's to handle. */
  follow<T>(work: Promise<T>): Promise<T>
  /** From here on work that can be left to another process had better leave off. */
  close(): void
  isClosing(): boolean
  /** Resolves when nothing is under way, or after so many milliseconds. */
  idle(atMostMs: number): Promise<void>
}

export function createBackground(): Background {
  const underWay = new Set<Promise<unknown>>()
  let closing = false
  return {
    close() {
      closing = true
    },
    isClosing: () => closing,
    follow(work) {
      const forget = (): void => void underWay.delete(work)
      underWay.add(work)
      work.then(forget, forget)
      return work
    },
    async idle(atMostMs) {
      let timer: NodeJS.Timeout | undefined
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, atMostMs)
      })
      await Promise.race([Promise.allSettled(underWay), deadline])
      clearTimeout(timer)
    },
  }
}
