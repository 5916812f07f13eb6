import { createApprovals } from '../../src/approvals'
import type { Approvals, Deed, Payload } from '../../src/approvals'
import { allDeeds } from '../../src/deeds'
import type { World } from './world'

/**
 * The second pair of eyes as it is when the process loses its database with an approved deed: before anything of it was done, or when all of it was done and nobody could
 * note that any more. Once: whoever tries it again is not disturbed.
 */
export function cutOff<P extends Payload, R>({ parts }: World, deed: Deed<P, R>, when: 'before' | 'after'): Approvals {
  let isCut = false
  const perform: typeof deed.perform = async (payload, by) => {
    const cuts = !isCut
    isCut = true
    if (cuts && when === 'before') throw new Error('the database is gone')
    const result = await deed.perform(payload, by)
    if (cuts) throw new Error('the database is gone')
    return result
  }
  const deeds = allDeeds(parts.deeds).map((one) => (one.kind === deed.kind ? { ...one, perform } : one))
  return createApprovals({ ...parts, alone: parts.config.alone }, deeds)
}
