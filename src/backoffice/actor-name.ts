import type { TextKey, Translate } from '../shared/texts'
import { paymentsRu } from '../shared/texts/backoffice/payments'

const isActor = (key: string): key is TextKey & `payment.actor.${string}` => Object.hasOwn(paymentsRu, key)

/** Who did it, as a person reads it; a name that nobody knows stays as it is. */
export function actorName(actor: string, logins: ReadonlyMap<string, string>, t: Translate): string {
  if (actor.startsWith('member:')) return t('payment.actor.member')
  if (actor.startsWith('organisation:')) return t('payment.actor.organisation')
  if (actor.startsWith('staff:')) return t('payment.actor.staff', { login: logins.get(actor) ?? actor.slice('staff:'.length) })
  const key = `payment.actor.${actor.replace(/^(system|invoicebox):/, '')}`
  return isActor(key) ? (t as (key: string) => string)(key) : actor
}
