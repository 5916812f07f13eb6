import { join } from 'node:path'
import { GatewayProcess } from './gateway'
import { freePort } from '../support/free-port'
import { until } from './until'

/** Invoicebox is waited for a fraction of a second, so that a schedule with lost answers takes seconds and not minutes. */
const TIMEOUTS = { connectMs: 600, headersMs: 600, bodyMs: 150, writeMs: 300, readMs: 600, pauseMs: 5 }

/** Processes that have loaded everything and wait to be started. */
export class SpareProcesses {
  private readonly spare: GatewayProcess[] = []
  private made = 0

  constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly keep: number,
  ) {}

  take(): GatewayProcess {
    while (this.spare.length <= this.keep)
      this.spare.push(new GatewayProcess(this.program, join(this.folder, `process-${++this.made}.log`)))
    return this.spare.shift() as GatewayProcess
  }

  async end(): Promise<void> {
    for (const process of this.spare) process.signal('SIGKILL')
    await Promise.all(this.spare.map((process) => process.ended))
  }
}

/** A place for a gateway process, with an address that stays: whenever the process ends, another one is started in its place. */
export class Slot {
  private process: GatewayProcess | undefined
  private more: Readonly<Record<string, string>> = {}
  private isOver = true
  private starting: Promise<void> = Promise.resolve()

  private constructor(
    private readonly spares: SpareProcesses,
    private readonly env: Readonly<Record<string, string>>,
    private readonly clockFile: string,
    readonly url: string,
  ) {}

  static async make(spares: SpareProcesses, env: Readonly<Record<string, string>>, clockFile: string): Promise<Slot> {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    return new Slot(spares, { ...env, PORT: String(port), PUBLIC_URL: url }, clockFile, url)
  }

  /** @param more settings that the database brings along */
  begin(more: Readonly<Record<string, string>>): Promise<void> {
    this.more = more
    this.isOver = false
    return this.start()
  }

  /** Ends the process that is here; no other is started. */
  async end(): Promise<void> {
    this.isOver = true
    await this.starting
    this.process?.signal('SIGCONT')
    this.process?.signal('SIGKILL')
    await this.process?.ended
    this.process = undefined
  }

  /** The process, while it lives and is awake. */
  get awake(): GatewayProcess | undefined {
    return this.process?.isAlive && !this.process.isFrozen ? this.process : undefined
  }

  /** Does what the worker does, if a process is here and awake. */
  async work(): Promise<void> {
    await this.awake?.work()
  }

  /** Resolves when a process is here and awake. */
  ready(): Promise<void> {
    return until(() => this.awake !== undefined, 'a gateway is there', 25_000)
  }

  /** Starts a process, again when the place was not free yet or the database not there. */
  private start(): Promise<void> {
    const order = {
      do: 'start',
      env: { ...this.env, ...this.more },
      clockFile: this.clockFile,
      timeouts: TIMEOUTS,
    } as const
    let why: string | undefined
    const starts = async (): Promise<boolean> => {
      if (this.isOver) return true
      const process = this.spares.take()
      why = await process.start(order)
      if (why !== undefined) process.signal('SIGKILL')
      else this.keep(process)
      return why === undefined
    }
    this.starting = until(starts, `a gateway starts`, 20_000).catch((error: unknown) => {
      throw new Error(`${String(error)} ${why ?? ''}`)
    })
    return this.starting
  }

  private keep(process: GatewayProcess): void {
    this.process = process
    void process.ended.then(() => {
      return this.isOver || this.process !== process ? undefined : this.start()
    })
  }
}
