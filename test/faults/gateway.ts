import { setTimeout as pause } from 'node:timers/promises'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Answer, Order } from './orders'

/** Every child that lives, so that none outlives the harness: a stopped one would stay for ever. */
const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** One gateway process, as the harness holds it. */
export class GatewayProcess {
  readonly ended: Promise<string>
  private readonly child: ChildProcess
  private readonly answers = new EventEmitter()
  private readonly loaded: Promise<unknown>
  private works = 0
  isFrozen = false

  constructor(program: string, logFile: string) {
    const log = openSync(logFile, 'a')
    this.child = spawn(process.execPath, [program], {
      stdio: ['ignore', log, log, 'ipc'],
      env: { PATH: process.env.PATH },
    })
    closeSync(log)
    alive.add(this.child)
    this.answers.setMaxListeners(100)
    this.ended = once(this.child, 'exit').then(([code, signal]: (string | number | null)[]) => {
      alive.delete(this.child)
      this.answers.emit('ended')
      return String(signal ?? code)
    })
    this.child.on('message', (answer: Answer) => void this.answers.emit(answer.say, answer))
    this.child.on('error', () => undefined)
    this.loaded = once(this.answers, 'loaded')
  }

  get isAlive(): boolean {
    return alive.has(this.child)
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  /** Returns why it did not start, or undefined when it listens. */
  async start(order: Extract<Order, { do: 'start' }>): Promise<string | undefined> {
    await Promise.race([this.loaded, this.ended])
    const answered = this.answer('listening', 'not-started')
    this.tell(order)
    const answer = await answered
    if (!answer) return `it ended: ${await this.ended}`
    return answer.say === 'not-started' ? answer.why : undefined
  }

  /** Resolves when the work is done, or when the process has ended. */
  async work(): Promise<void> {
    const number = ++this.works
    const done = new Promise<void>((resolve) => {
      const look = (answer: Extract<Answer, { say: 'worked' }>): void => {
        if (answer.number !== number) return
        this.answers.off('worked', look)
        resolve()
      }
      this.answers.on('worked', look)
    })
    this.tell({ do: 'work', number })
    await Promise.race([done, this.ended])
  }

  async trap(order: Omit<Extract<Order, { do: 'trap' }>, 'do'>): Promise<void> {
    const armed = this.answer('armed')
    this.tell({ do: 'trap', ...order })
    await armed
  }

  /** Resolves when the process has come to its trap; false when it ends before. */
  async trapped(): Promise<boolean> {
    return (await this.answer('trapped')) !== undefined
  }

  /** It walks into no trap any more; one that it has just walked into lets it go. */
  async disarm(): Promise<void> {
    const stop = this.wakeAgainAndAgain()
    await this.trap({ step: null, skip: 0, signal: 'SIGSTOP' })
    stop()
  }

  /**
   * Wakes it up, and until `passed` again and again: it may have been stopped in its trap before it stopped itself there. Asleep for ever it would let Invoicebox wait for
   * whatever it was reading, and Invoicebox is waited for before time passes.
   */
  async wakeAfter(milliseconds: number, passed: Promise<unknown>): Promise<void> {
    await pause(milliseconds)
    const stop = this.wakeAgainAndAgain()
    await passed.finally(stop)
  }

  private wakeAgainAndAgain(): () => void {
    this.signal('SIGCONT')
    const wake = setInterval(() => this.signal('SIGCONT'), 20)
    return () => clearInterval(wake)
  }

  /** What it has compiled helps those that start later. */
  keepCode(): void {
    this.tell({ do: 'keep-code' })
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isAlive) this.child.kill(signal)
    if (signal === 'SIGSTOP') this.isFrozen = true
    if (signal === 'SIGCONT') this.isFrozen = false
  }

  /** The next answer of this kind; undefined when the process ends before. */
  private answer<T extends Answer['say']>(...kinds: T[]): Promise<Extract<Answer, { say: T }> | undefined> {
    return new Promise((resolve) => {
      const look = (answer?: Extract<Answer, { say: T }>): void => {
        for (const kind of [...kinds, 'ended']) this.answers.off(kind, look)
        resolve(answer)
      }
      for (const kind of [...kinds, 'ended']) this.answers.on(kind, look)
      if (!this.isAlive) look()
    })
  }

  private tell(order: Order): void {
    if (this.child.connected) this.child.send(order, () => undefined)
  }
}
