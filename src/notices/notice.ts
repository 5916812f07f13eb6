import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Language } from '../shared/texts'
import type { StorefrontSettings } from '../storefront'

export const CHANNELS = ['mail', 'webhook'] as const
export type Channel = (typeof CHANNELS)[number]

/** `dropped`: there was nobody to tell, such as a member without an address. `failed`: given up. */
export const NOTICE_STATES = ['queued', 'sent', 'failed', 'dropped'] as const
export type NoticeState = (typeof NOTICE_STATES)[number]

/** `receipt`, `reversal` and `one_time_code` go to the member, `goods` to whoever bought them, `alert` and `approval` to the operator, `autopay_digest`, `autopay_month` and `autopay_approval` to the people of an organisation. */
export const TOPICS = [
  'receipt',
  'reversal',
  'alert',
  'approval',
  'autopay_digest',
  'autopay_month',
  'autopay_approval',
  'one_time_code',
  'goods',
] as const
export type Topic = (typeof TOPICS)[number]

/** Something that somebody outside is to be told once, by one channel. Holds no address and nothing personal: who it is for is looked up when it is sent. */
export interface Notice {
  readonly id: string
  readonly channel: Channel
  readonly topic: Topic
  /** The id of what it tells of: a payment, an alert, a request, a one-time code or an order. */
  readonly source: string
  /** `member:<id>`, `address:<digest>` for an address out of the settings, `contact:<organisation>:<digest>`, `staff:<id>`, `order:<id>` for its buyer, or `webhook`. */
  readonly recipient: string
  readonly language: Language
  readonly facts: Readonly<Record<string, string>>
  readonly state: NoticeState
  /** How many times it was tried, this time included. */
  readonly attempts: number
  readonly createdAt: Date
  readonly nextAttemptAt: Date
  readonly giveUpAt: Date
  readonly sentAt: Date | null
  /** A code, never an answer's own words: those repeat addresses. */
  readonly lastError: string | null
}

export interface NoticeSettings {
  readonly publicUrl: URL
  readonly programName: string
  /** Of the times in letters. */
  readonly zone: string
  readonly mail: { readonly url: string | undefined; readonly from: string }
  readonly alerts: {
    readonly emails: readonly string[]
    readonly webhookUrl: string | undefined
    readonly webhookSecret: string | undefined
  }
  /** Whether the webhook may be a machine of the own network: in the demo and the sandbox alone. */
  readonly allowPrivate: boolean
}

export interface NoticesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly settings: NoticeSettings
  /** Opens the codes that letters tell. */
  readonly storefront: StorefrontSettings
}
