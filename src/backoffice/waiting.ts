import type { Approvals } from '../approvals'
import type { StaffActor } from '../shared/actor'
import { may } from '../shared/permissions'
import type { Translate } from '../shared/texts'
import { deedName } from './approvals/present'

interface Reader {
  readonly staff: StaffActor
  readonly t: Translate
}

/** A request that waits for a second person, as a link. */
export interface WaitingRow {
  readonly href: string
  readonly text: string
}

/** What somebody has asked for already about the same thing, for whoever may open it: else the next person asks once more. */
export async function waitingRows({ staff, t }: Reader, approvals: Approvals, subject: string): Promise<WaitingRow[]> {
  if (!may(staff, 'approvals.read')) return []
  const requests = await approvals.waitingOn(subject, staff)
  return requests.map(({ id, kind, maker }) => ({
    href: `/admin/approvals/${id}`,
    text: maker.kind === 'staff' ? `${deedName(kind, t)}, ${maker.login}` : deedName(kind, t),
  }))
}
