import { TOTP } from 'otpauth'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import type { Browser, Page } from './browser'
import { PASSWORD } from './world'
import type { World } from './world'

/** The code that an authenticator app shows now. */
export const codeNow = (secret: string, at: Date): string =>
  new TOTP({ secret: secret.replace(/\s/g, '') }).generate({ timestamp: at.getTime() })

/** The secret on a page that offers one. */
export const secretOn = ({ html }: Page): string => /<code class="secret">([^<]+)<\/code>/.exec(html)?.[1]?.replace(/\s/g, '') ?? ''

/** The recovery codes on the page that shows them once. */
export const recoveryCodesOn = ({ html }: Page): string[] =>
  [...html.matchAll(/<li><code>([^<]+)<\/code><\/li>/g)].map(([, code = '']) => code)

/** A member of staff with a browser and an authenticator app of their own. */
export class StaffPerson {
  readonly browser: Browser
  /** What the app keeps; empty until a second factor was set up. */
  secret = ''
  recoveryCodes: string[] = []

  constructor(
    private readonly world: World,
    readonly actor: StaffActor,
    browser: Browser = world.browser(),
  ) {
    this.browser = browser
  }

  static async make(world: World, role: StaffRole, login = `${role}-${Math.random().toString(36).slice(2, 8)}`): Promise<StaffPerson> {
    return new StaffPerson(world, await addStaff(world.parts, { login, password: PASSWORD, role, actor: COMMAND_LINE }))
  }

  get code(): string {
    return codeNow(this.secret, this.world.clock.now())
  }

  /** Signs in as far as the right password leads. */
  async password(password = PASSWORD): Promise<Page> {
    return this.browser.submit(await this.browser.open('/sign-in'), '/sign-in', { login: this.actor.login, password })
  }

  /** Signs in all the way: with a code, or setting the second factor up where the role needs one. Returns the page that opens. */
  async signsIn(): Promise<Page> {
    const page = await this.password()
    if (page.state === 'enrol') return this.enrols(page)
    if (page.state !== 'second-factor') return page
    // A code is taken once; a test does not wait for the next one.
    await this.world.db('staff_factors').where({ staff_id: this.actor.id }).update({ last_step: 0 })
    return this.browser.submit(page, '/sign-in/code', { code: this.code })
  }

  private async enrols(page: Page): Promise<Page> {
    this.secret = secretOn(page)
    const codes = await this.browser.submit(page, '/sign-in/enrol', { code: this.code })
    this.recoveryCodes = recoveryCodesOn(codes)
    return this.browser.open('/admin/me')
  }
}
