import type { Translate } from '../shared/texts'
import { knownText } from '../shared/texts/known-text'

/** Who did it, as a person reads it; a name that nobody knows stays as it is. */
export function actorName(actor: string, logins: ReadonlyMap<string, string>, t: Translate): string {
  if (actor.startsWith('member:')) return t('payment.actor.member')
  if (actor.startsWith('organisation:')) return t('payment.actor.organisation')
  if (actor.startsWith('staff:')) return t('payment.actor.staff', { login: logins.get(actor) ?? actor.slice('staff:'.length) })
  return knownText(t, `payment.actor.${actor.replace(/^(system|invoicebox):/, '')}`) ?? actor
}
