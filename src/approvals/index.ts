/** The room's public face: the second pair of eyes. */
export { createApprovals } from './approvals'
export type { Approvals, ApprovalsDeps, Order, Submitted } from './approvals'
export type { AnyDeed, Deed, Payload, Performer, Preview, Weight } from './deed'
export { amountText } from './payload'
export { LAPSES_AFTER_MS, REQUEST_STATES } from './request'
export type { ApprovalRequest, RequestState } from './request'
export { countOpenRequests, lapseRequestsOf, listRequests, readRequest, readRequestsAfter } from './store'
