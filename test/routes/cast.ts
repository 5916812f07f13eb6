import { STAFF_ROLES } from '../../src/shared/actor'
import type { Actor } from '../../src/shared/actor'
import type { Policy } from '../../src/http'
import type { Browser } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { Buyer, PASSWORD } from '../support/world'
import type { World } from '../support/world'
import { ask, FORM, form } from './client'
import type { Answer, Question } from './client'

/** Somebody before the gates: nobody, a member, or staff, with the cookie and the form token of their session. */
export class Visitor {
  token = ''

  constructor(
    private readonly world: World,
    readonly name: string,
    readonly actor: Pick<Actor, 'kind'> | null,
    readonly login: string,
    readonly browser: Browser,
    private readonly person: StaffPerson | null = null,
  ) {}

  get cookie(): string {
    return `gateway=${this.browser.cookie('gateway') ?? ''}`
  }

  /** Signs in where that has not happened or does not hold any more, and takes a form token. */
  async arrive(): Promise<this> {
    const page = await this.browser.open('/sign-in')
    const isSignedIn = page.html.includes('action="/sign-out"')
    if (this.actor !== null && !isSignedIn) {
      if (this.person) await this.person.signsIn()
      else await this.browser.submit(page, '/sign-in', { login: this.login, password: PASSWORD })
    }
    const start = this.actor === null || isSignedIn ? page : await this.browser.open('/')
    this.token = /name="_csrf" value="([^"]+)"/.exec(start.html)?.[1] ?? ''
    if (this.token === '' || (this.actor !== null && !start.html.includes('action="/sign-out"')))
      throw new Error(`${this.name} cannot sign in`)
    return this
  }

  /** Sends a request with this visitor's cookie. Where a limit answers, time goes by and it is sent again. */
  async ask(question: Question): Promise<Answer> {
    const send = (): Promise<Answer> => ask(this.world.url, { ...question, headers: { cookie: this.cookie, ...question.headers } })
    const answer = await send()
    if (answer.status !== 429) return answer
    this.world.clock.move(61_000)
    await this.world.db('sign_in_attempts').delete()
    return send()
  }

  /** Sends a form as this visitor's browser would. */
  post(path: string, fields: Readonly<Record<string, string>> = {}, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.ask({ method: 'POST', path, headers: { ...FORM, ...headers }, body: form({ _csrf: this.token, ...fields }) })
  }
}

export interface Cast {
  readonly nobody: Visitor
  readonly owner: Visitor
  readonly other: Visitor
  /** All of them, staff of each role included. */
  readonly everyone: readonly Visitor[]
  /** Brings back those whose session has ended. */
  gather(): Promise<void>
}

/** Every kind of actor, signed in. @param owner the member to whom the objects belong */
export async function gatherCast(world: World, owner: Buyer): Promise<Cast> {
  const other = await world.member({ points: '100.00', login: 'second-member' })
  const nobody = new Visitor(world, 'nobody', null, '', world.browser())
  const members = [
    new Visitor(world, 'the owner', { kind: 'member' }, owner.login, owner.browser),
    new Visitor(world, 'another member', { kind: 'member' }, other.login, other.browser),
  ]
  const staff: Visitor[] = []
  for (const role of STAFF_ROLES) {
    const person = await StaffPerson.make(world, role, `staff-${role}`)
    staff.push(new Visitor(world, `staff: ${role}`, person.actor, person.actor.login, person.browser, person))
  }
  const everyone = [nobody, ...members, ...staff]
  const gather = async (): Promise<void> => {
    for (const visitor of everyone) await visitor.arrive()
  }
  await gather()
  return { nobody, owner: members[0] as Visitor, other: members[1] as Visitor, everyone, gather }
}

export type Admission = 'admitted' | 'sign in first' | 'forbidden'

/** What a declared policy promises, told once more and apart from the code under test. */
export function promised(policy: Policy, actor: Pick<Actor, 'kind'> | null): Admission {
  const role = (actor as { role?: string } | null)?.role
  switch (policy.kind) {
    case 'public':
    case 'probe':
      return 'admitted'
    case 'anyone-signed-in':
      return actor ? 'admitted' : 'sign in first'
    case 'member':
      return actor ? (actor.kind === 'member' ? 'admitted' : 'forbidden') : 'sign in first'
    case 'staff':
      return actor ? (policy.roles.some((allowed) => allowed === role) ? 'admitted' : 'forbidden') : 'sign in first'
  }
}

export const errorCode = ({ text }: Answer): string | undefined => /^\{"error":\{"code":"(\w+)"/.exec(text)?.[1]

/** What an answer says about admission. The request must have asked for JSON, so that errors tell their code. */
export function observed(answer: Answer): Admission | 'forged' {
  if (answer.status === 303 && answer.location?.startsWith('/sign-in?next=')) return 'sign in first'
  const code = errorCode(answer)
  if (answer.status === 401 && code === 'sign_in_required') return 'sign in first'
  // What says more has looked at the object: the gate itself says nothing.
  if (answer.status === 403 && code === 'forbidden') return answer.text.includes('"detail"') ? 'admitted' : 'forbidden'
  return answer.status === 403 && code === 'forged_request' ? 'forged' : 'admitted'
}
