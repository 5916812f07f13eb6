import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { Invoicebox } from './invoicebox'
import type { Whose } from './plan'

/** The clocks of the gateways and of Invoicebox. They go on together, unless one of them has jumped. */
export class Clocks {
  private passedMs = 0
  private readonly jumps = new Map<number | 'invoicebox', number>()

  constructor(
    private readonly files: readonly string[],
    private readonly invoicebox: Invoicebox,
  ) {}

  /** Everybody has the same time; with a new database the right one. */
  async startAfresh(isNewDatabase: boolean): Promise<void> {
    if (isNewDatabase) this.passedMs = 0
    this.jumps.clear()
    await this.write()
  }

  /** Time goes by. Never while Invoicebox works on a request: a minute must not pass within the moment that a request is under way. */
  async pass(milliseconds: number): Promise<void> {
    if (milliseconds === 0) return
    await this.invoicebox.quiet()
    this.passedMs += milliseconds
    await this.write()
  }

  async jump(whose: Whose, milliseconds: number): Promise<void> {
    await this.invoicebox.quiet()
    const who = whose === 'all' ? [...this.files.keys()] : [whose]
    for (const one of who) this.jumps.set(one, (this.jumps.get(one) ?? 0) + milliseconds)
    await this.write()
  }

  /** The jumps are taken back. Invoicebox stays ahead when it is: what it was paid "in the future" would be unseen for years. */
  async setRight(): Promise<void> {
    const ahead = Math.max(0, this.jumps.get('invoicebox') ?? 0)
    this.jumps.clear()
    this.jumps.set('invoicebox', ahead)
    await this.write()
  }

  private async write(): Promise<void> {
    for (const [slot, path] of this.files.entries()) writeClock(path, this.passedMs + (this.jumps.get(slot) ?? 0))
    await this.invoicebox.setClock(this.passedMs + (this.jumps.get('invoicebox') ?? 0))
  }
}

/** Eight bytes in one write over the old ones, so that nobody reads half of them. */
function writeClock(path: string, offsetMs: number): void {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt(offsetMs))
  const file = openSync(path, constants.O_WRONLY | constants.O_CREAT, 0o600)
  writeSync(file, bytes)
  closeSync(file)
}
