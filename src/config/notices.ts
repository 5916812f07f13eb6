/** The settings of letters and alerts, as they stand in the environment. */
interface NoticeEnvironment {
  readonly MAIL_URL?: string | undefined
  readonly MAIL_FROM?: string | undefined
  readonly ALERT_EMAILS: readonly string[]
  readonly ALERT_WEBHOOK_URL?: string | undefined
  readonly ALERT_WEBHOOK_SECRET?: string | undefined
}

const SHORTEST_SECRET = 16

/** What must be right before letters and alerts leave a gateway in production: each with whether it is wrong. */
export const noticeFaults = (env: NoticeEnvironment): [boolean, string][] => [
  [env.MAIL_URL !== undefined && env.MAIL_FROM === undefined, 'MAIL_FROM is missing: letters need a sender, since MAIL_URL is set.'],
  [
    /^file:/.test(env.MAIL_URL ?? ''),
    'MAIL_URL must not be file: in production, where letters with addresses would stay in a folder that no erasure reaches.',
  ],
  [/^http:/i.test(env.ALERT_WEBHOOK_URL ?? ''), 'ALERT_WEBHOOK_URL must begin with https:// in production.'],
  [env.MAIL_URL === 'console:', 'MAIL_URL must not be console: in production, where letters with addresses do not belong in a log.'],
  [
    env.ALERT_EMAILS.length > 0 && env.MAIL_URL === undefined,
    'MAIL_URL is missing: nobody would get the alerts that ALERT_EMAILS asks for.',
  ],
  [
    env.ALERT_WEBHOOK_URL !== undefined && (env.ALERT_WEBHOOK_SECRET ?? '').length < SHORTEST_SECRET,
    'ALERT_WEBHOOK_SECRET must be set, to 16 or more random characters: the receiver knows our calls by it.',
  ],
]
