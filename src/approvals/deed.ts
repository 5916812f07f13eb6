import type { z } from 'zod'
import type { Approver, Author } from '../shared/actor'
import type { AuditFacts } from '../shared/audit'
import type { Money } from '../shared/money'
import type { Permission } from '../shared/permissions'

/** What is stored of an order until a second person looks at it: amounts as decimal text, ids, words. Never personal data and never a secret. */
export type Payload = Readonly<Record<string, string | boolean | null>>

/** What counts against the amount up to which one person may act alone. */
export type Weight = Money | 'always' | 'never'

/** How a deed is to be carried out. */
export interface Performer {
  /** Who wanted it. */
  readonly author: Author
  readonly reason: string
  /** Names the intent: `perform` may run again with it after a crash and must then change nothing more. */
  readonly key: string
  /** Who looked at it besides, when that was needed. The audit row carries it as it is: with that row the request is carried out, in the transaction of the deed. */
  readonly approvedBy?: Approver
  /** What it weighed when one person was found to be enough: a deed whose weight grows with what others do meanwhile does no more than that (`WeighsMore`, or a refusal of its own). */
  readonly weighed?: Weight
}

/** Thrown by `perform`, with nothing changed, when the deed weighs more by now than it did when one person was found to be enough: it is weighed anew then. */
export class WeighsMore extends Error {}

/** Whether a deed weighs more now than it `weighed` when one person was found to be enough. Undefined where a second person has agreed, whatever it weighs. */
export function weighsMore(now: Weight, weighed: Weight | undefined): boolean {
  if (weighed === undefined || weighed === 'always' || now === 'never') return false
  return now === 'always' || weighed === 'never' || now.minor > weighed.minor
}

/** For `perform`, in its transaction. @throws WeighsMore */
export function requireNoHeavier(now: Weight, weighed: Weight | undefined): void {
  if (weighsMore(now, weighed)) throw new WeighsMore()
}

/** What would change, for whoever decides: facts as decimal text, by names that have a text `fact.…`. */
export interface Preview {
  /** What it is done to, as the audit log writes it: `member:…`, `fund`. */
  readonly subject: string
  readonly before: AuditFacts
  readonly after: AuditFacts
}

/**
 * Something that changes points, money, limits or rights. Rooms make deeds; only `Approvals` performs them, so that page, API and command line cannot get past
 * the second pair of eyes.
 */
export interface Deed<P extends Payload = Payload, R = unknown> {
  /** A word for it, such as `points_credit`; it is stored, so it never changes. */
  readonly kind: string
  /** What its author must be allowed to do. */
  readonly permission: Permission
  /** For deeds that anybody could do in slices: what their maker did of them alone in the last day counts with the next one. */
  readonly addsUp?: true
  /** Deeds that let out the same by different ways count together under one such word; any other counts with those of its own kind. */
  readonly addsUpAs?: string
  /** For so many milliseconds what was done alone counts with the next one; a day unless given. For what goes on letting out each day, a day would be no bound. */
  readonly addsUpFor?: number
  /** Where a deed weighs other than it counts among those of its maker, such as all the parts of one refund; null where it counts nothing. */
  adds?(payload: P): Money | null | Promise<Money | null>
  /** For what is let out day after day from one place, such as an organisation by its rules: of each place the largest counts, and places add up. At most 36 characters. */
  addsUpAt?(payload: P): string | Promise<string>
  /** For what is done once, whoever asks how often: as long as a request of the same maker for the same waits, another form of theirs is answered with it. */
  readonly asksOnce?: true
  /** Strict: unknown keys are refused. */
  readonly payload: z.ZodType<P>
  /** For deeds on what only some of the staff may know of: whoever may not neither makes nor decides a request. @throws Refusal not_found */
  requireKnown?(payload: P, by: Author): Promise<unknown>
  /** @param key the intent, where it is tried and not only looked at: one that was carried out before may weigh nothing */
  weigh(payload: P, key?: string): Weight | Promise<Weight>
  /** Reads what would change, as of now. @throws Refusal when it could not be done at all */
  preview(payload: P): Promise<Preview>
  /** Whether a deed was carried out under this key before; for deeds that remember their keys. */
  wasDone?(key: string, of: { readonly payload: P; readonly author: Author }): Promise<boolean>
  /** Does it, with its audit row, once per key. @throws Refusal */
  perform(payload: P, by: Performer): Promise<R>
}

/** For deeds of different rooms in one table. */
export type AnyDeed = Omit<Deed<never>, 'payload'> & { readonly payload: z.ZodType<Payload> }
