import type { Approvals } from '../../approvals'
import type { FindReceipts, MemberDeeds, MembersDeps, PointsDeed } from '../../members'

/** What the pages about members work with. */
export interface MemberPagesDeps extends MembersDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly points: { readonly credit: PointsDeed; readonly debit: PointsDeed }; readonly members: MemberDeeds }
  readonly findReceipts: FindReceipts
  readonly config: { readonly timeZone: string; readonly program: { readonly name: string } }
}
