import { AsyncLocalStorage } from 'node:async_hooks'

const storage = new AsyncLocalStorage<{ readonly requestId: string }>()

/** Runs `work` as part of a request: whatever is logged on the way, however deep below, names the request. */
export const inRequest = <T>(requestId: string, work: () => T): T => storage.run({ requestId }, work)

/** What a log line says of the request it belongs to: nothing outside of one. */
export const requestFields = (): { requestId?: string } => storage.getStore() ?? {}
