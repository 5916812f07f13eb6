import type { Deed, Payload } from '../approvals'
import { findMember, showMember } from '../members'
import { newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { answer } from './run'

/** What a command that changes something may be told besides. */
export interface DeedOptions extends AuthorOptions {
  json?: boolean
  reason: string
  key?: string
}

export const AS = ['--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input'] as const
export const CODE = ['--code <code>', 'the code of the second factor, where that person has one'] as const
export const KEY = ['--key <key>', 'names the intent: the same key has one effect'] as const

/** @throws Refusal not_found (detail: member) */
export async function memberIdOf({ db }: Parts, login: string): Promise<string> {
  const member = await findMember(db, login)
  if (!member) throw new Refusal('not_found', 'member')
  return member.id
}

/** Does it and shows the member, or tells that it waits for a second person. */
export async function submitDeed<P extends Payload>(
  parts: Parts,
  of: { readonly deed: Deed<P>; readonly payload: P; readonly login: string },
  options: DeedOptions,
): Promise<void> {
  const order = { payload: of.payload, author: await authorOf(parts, options), reason: options.reason, key: options.key ?? newId() }
  const submitted = await parts.approvals.submit(of.deed, order)
  if (!tellIfWaiting(submitted, options)) answer(await showMember(parts.db, of.login), options)
}
