import type { IncomingHttpHeaders } from 'node:http'
import type { FaultScope } from '../state/faults'
import type { World } from '../state/world'
import type { Json } from '../http/json'

/** A request to the API, as the endpoints see it. */
export interface ApiCall {
  readonly method: string
  /** Without the version prefix, e.g. `/business/api/invoice`. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The id in the path, decoded; null where the route has none. */
  readonly id: string | null
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly payload: Json
}

/** One endpoint. A group of the API is a list of these. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** At most one group: the id. */
  readonly path: RegExp
  /** The name by which faults know it. */
  readonly on: Exclude<FaultScope, '*'>
  /** May be asked without a token. */
  readonly isOpen?: true
  /** Asked by the merchant as well as by the partner; everything else is the partner's alone. */
  readonly isMerchants?: true
  /** @throws ApiRefusal for every "no" */
  readonly answer: (world: World, call: ApiCall, userId: string | null) => Json
  /** Would this be answered out of memory? Decides whether a fault about repeats strikes. */
  readonly isReplay?: (world: World, call: ApiCall) => boolean
}
