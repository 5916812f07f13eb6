/** The room's public face: what members and staff are told outside the pages. */
export { NOTICE_STATES } from './notice'
export type { Notice, NoticeSettings, NoticesDeps, NoticeState } from './notice'
export { createNotices, retryNotice } from './notices'
export type { Notices } from './notices'
export { tellBuyerWith } from './queue-storefront'
export { listNotices } from './store'
