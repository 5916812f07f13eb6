import { existsSync } from 'node:fs'
import { z } from 'zod'
import { AUTOPAY_FIELDS, toAutopay } from './config/autopay'
import type { AutopayConfig } from './config/autopay'
import {
  amount,
  checked,
  isHost,
  isMailbox,
  isMailUrl,
  isOrigin,
  isServer,
  isTimeZone,
  isWebAddress,
  oneOf,
  optional,
  port,
  whole,
} from './config/fields'
import { MERCHANT_FIELDS, PUBLISHED_TOKEN, isToken, merchantFaults, toMerchant } from './config/merchant'
import type { MerchantConfig } from './config/merchant'
import { MINAPP_FIELDS, minappFaults, toMinapp } from './config/minapp'
import type { MinappConfig } from './config/minapp'
import { noticeFaults } from './config/notices'
import { SECRET_FIELDS, secretFaults, toSecrets } from './config/secrets'
import type { SecretConfig } from './config/secrets'
import { TOP_UP_FIELDS, topUpFaults, toTopUps } from './config/top-ups'
import type { TopUpConfig } from './config/top-ups'
import { parseRate } from './shared/money'
import type { Money, Rate } from './shared/money'

export type Mode = 'demo' | 'sandbox' | 'production'

/** Everything the gateway is told from outside. Read once, here, and nowhere else. */
export interface Config extends SecretConfig {
  readonly host: string
  readonly port: number
  readonly publicUrl: URL
  readonly mode: Mode
  readonly databaseUrl: string
  readonly invoicebox: MerchantConfig & {
    readonly apiUrl: string
    readonly version: 'v3' | 'l3'
    readonly token: string
    /** So many requests in so many seconds; null where no limit was agreed. */
    readonly rateLimit: { readonly requests: number; readonly seconds: number } | null
  }
  readonly returnHosts: readonly string[]
  readonly program: {
    readonly name: string
    readonly logoUrl: string | undefined
    readonly accent: string | undefined
    readonly contact: string | undefined
  }
  readonly pointsPerRuble: Rate
  readonly topUps: TopUpConfig
  readonly autopay: AutopayConfig
  readonly minapp: MinappConfig
  /** Up to these amounts one member of staff may act alone; above them a second one must agree. */
  readonly alone: { readonly points: Money; readonly roubles: Money }
  /** The operator's time zone, such as Europe/Moscow. */
  readonly timeZone: string
  readonly mail: {
    /** `console:`, `file:FOLDER`, `smtp://…` or `smtps://…`; undefined sends nothing. */
    readonly url: string | undefined
    readonly from: string
  }
  /** Where alerts go besides the home page. */
  readonly alerts: {
    readonly emails: readonly string[]
    readonly webhookUrl: string | undefined
    readonly webhookSecret: string | undefined
  }
  readonly logLevel: string
  /** The password of whoever a command names with `--as`. */
  readonly commandLinePassword: string | undefined
  readonly trustProxy: number
  readonly sandboxPort: number
}

/**
 * `serve`: real money may move, so production is checked to the last setting. `look`: a command that only works on the database needs neither secrets nor Invoicebox.
 */
export type Purpose = 'serve' | 'look'

/** The settings cannot be used; every fault is one plain sentence. */
export class BadConfig extends Error {
  override name = 'BadConfig'
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'))
  }
}

const INVOICEBOX = 'https://api.invoicebox.ru'

/** What the demo and the sandbox use when nothing is set. Production refuses each of them by name. */
const NOT_FOR_PRODUCTION = {
  sessionSecret: 'sandbox-session-secret-that-production-refuses',
  token: 'sandbox-partner-token-0001',
}

export const DEFAULT_DATABASE = 'sqlite:./data/gateway.sqlite3'

const ENVIRONMENT = z.object({
  HOST: z.string().trim().default('127.0.0.1'),
  PORT: port('PORT', 3000),
  PUBLIC_URL: checked(isOrigin, 'PUBLIC_URL must be an http or https address without a path, such as https://pay.example.org.'),
  MODE: oneOf('MODE', ['demo', 'sandbox', 'production']).default('production'),
  DATABASE_URL: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)/, 'DATABASE_URL must begin with sqlite: or postgres://.')
    .refine((text) => !text.startsWith('postgres') || URL.canParse(text), 'DATABASE_URL is not an address that can be read.')
    .default(DEFAULT_DATABASE),
  ...SECRET_FIELDS,
  INVOICEBOX_API_URL: checked(isServer, 'INVOICEBOX_API_URL must be an http or https address without user, password and query.'),
  INVOICEBOX_API_VERSION: oneOf('INVOICEBOX_API_VERSION', ['v3', 'l3']).default('v3'),
  INVOICEBOX_TOKEN: checked(isToken, 'INVOICEBOX_TOKEN must be at most 512 Latin letters, digits and signs without blanks.'),
  ...MERCHANT_FIELDS,
  ...TOP_UP_FIELDS,
  ...AUTOPAY_FIELDS,
  ...MINAPP_FIELDS,
  INVOICEBOX_RATE_LIMIT: z
    .string()
    .regex(
      /^(off|([2-9]|[1-9]\d{1,5})\/[1-9]\d{0,4})$/,
      'INVOICEBOX_RATE_LIMIT must look like 100/30: requests, at least the 2 of one payment, then seconds; or be off.',
    )
    .default('100/30'),
  RETURN_URL_HOSTS: z
    .string()
    .default('')
    .transform((text, context) => {
      const hosts = text
        .split(',')
        .map((host) => host.trim())
        .filter(Boolean)
      for (const host of hosts.filter((one) => !isHost(one)))
        context.addIssue({ code: 'custom', message: `RETURN_URL_HOSTS holds "${host}", which is not a host such as shop.example.ru.` })
      // As browsers write hosts, or a link would never match: lower case, no default port, other alphabets encoded.
      return hosts.filter(isHost).map((host) => new URL(`https://${host}`).host)
    }),
  PROGRAM_NAME: z.string().trim().max(100, 'PROGRAM_NAME must be at most 100 characters long.').default('Бонусная программа'),
  PROGRAM_LOGO_URL: checked(
    (text) => /^\/(?!\/)[\x21-\x7e]*$/.test(text) || isWebAddress(text),
    'PROGRAM_LOGO_URL must be a path such as /assets/logo.svg, or an http or https address.',
  ),
  PROGRAM_CONTACT: optional,
  PROGRAM_ACCENT: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'PROGRAM_ACCENT must be a colour such as #FAD247.')
    .optional(),
  POINTS_PER_RUBLE: z
    .string()
    .default('1')
    .transform((text, context) => {
      try {
        return parseRate(text)
      } catch {
        context.addIssue({
          code: 'custom',
          message: 'POINTS_PER_RUBLE must be a positive number with at most six decimals, such as 1 or 0.5.',
        })
        return z.NEVER
      }
    }),
  LOG_LEVEL: oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  TRUST_PROXY: whole('TRUST_PROXY', 0),
  SANDBOX_PORT: port('SANDBOX_PORT', 4100),
  TWO_EYES_POINTS: amount('TWO_EYES_POINTS', 'PTS', '100000'),
  TWO_EYES_ROUBLES: amount('TWO_EYES_ROUBLES', 'RUB', '5000000'),
  TIME_ZONE: z
    .string()
    .trim()
    .refine(isTimeZone, 'TIME_ZONE must be the name of a time zone, such as Europe/Moscow.')
    .default('Europe/Moscow'),
  MAIL_URL: checked(isMailUrl, 'MAIL_URL must be console:, file:FOLDER, or an smtp:// or smtps:// address.'),
  MAIL_FROM: checked(isMailbox, 'MAIL_FROM must be an e-mail address, such as points@example.org.'),
  ALERT_EMAILS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((one) => one.trim())
        .filter(Boolean),
    )
    .refine((all) => all.every(isMailbox), 'ALERT_EMAILS must be e-mail addresses with commas between them.'),
  ALERT_WEBHOOK_URL: checked(isWebAddress, 'ALERT_WEBHOOK_URL must be an http or https address.'),
  ALERT_WEBHOOK_SECRET: optional,
  GATEWAY_PASSWORD: z.string().max(200).optional(),
})

type Environment = z.output<typeof ENVIRONMENT>

/**
 * Reads the settings from the environment, and from the file `.env` where a variable is not set. An empty variable counts as not set.
 * @param fixed what the caller decides, whatever the environment says
 * @param purpose what the settings are for
 * @throws BadConfig with every fault at once
 */
export function readConfig(
  fixed: Readonly<Record<string, string>> = {},
  env: NodeJS.ProcessEnv = environment(),
  purpose: Purpose = 'serve',
): Config {
  const set = Object.fromEntries(Object.entries({ ...env, ...fixed }).filter(([, value]) => value !== ''))
  const parsed = ENVIRONMENT.safeParse(set)
  const issues = parsed.error?.issues ?? []
  const unusable = new Set(issues.map(({ path }) => String(path[0])))
  // What is wrong with one setting must not hide what is wrong with another, so the rest is judged without it.
  const rest = parsed.data ?? ENVIRONMENT.parse(Object.fromEntries(Object.entries(set).filter(([name]) => !unusable.has(name))))
  const config = toConfig(rest)
  const inProduction = purpose === 'serve' && config.mode === 'production' && !unusable.has('MODE') ? productionFaults(rest, config) : []
  const faults = [...issues.map(toSentence), ...inProduction.filter((fault) => !unusable.has(fault.split(' ')[0] ?? ''))]
  if (faults.length > 0) throw new BadConfig(faults)
  return purpose === 'look' && config.mode === 'production' ? withoutInvoicebox(config) : config
}

/** Unchecked settings must not reach Invoicebox: a command that only looks is given none. */
const withoutInvoicebox = (config: Config): Config => ({
  ...config,
  invoicebox: { ...config.invoicebox, apiUrl: INVOICEBOX, token: 'none', merchantToken: 'none' },
})

const toSentence = ({ path, message }: z.core.$ZodIssue): string =>
  message.startsWith(String(path[0])) ? message : `${String(path[0])} cannot be used: ${message}.`

function environment(): NodeJS.ProcessEnv {
  if (existsSync('.env')) process.loadEnvFile('.env')
  return process.env
}

function toConfig(env: Environment): Config {
  const isProduction = env.MODE === 'production'
  const sandbox = `127.0.0.1:${env.SANDBOX_PORT}`
  const [requests = '', seconds = ''] = env.INVOICEBOX_RATE_LIMIT.split('/')
  const hosts = env.RETURN_URL_HOSTS
  const apiUrl = env.INVOICEBOX_API_URL ?? (isProduction ? INVOICEBOX : `http://${sandbox}`)
  const token = env.INVOICEBOX_TOKEN ?? (isProduction ? '' : NOT_FOR_PRODUCTION.token)
  return {
    host: env.HOST,
    port: env.PORT,
    publicUrl: new URL(env.PUBLIC_URL ?? `http://localhost:${env.PORT}`),
    mode: env.MODE,
    databaseUrl: env.DATABASE_URL,
    ...toSecrets(env, isProduction ? '' : NOT_FOR_PRODUCTION.sessionSecret),
    invoicebox: {
      ...toMerchant(env, { isProduction, apiUrl, token }),
      apiUrl,
      version: env.INVOICEBOX_API_VERSION,
      token,
      rateLimit: env.INVOICEBOX_RATE_LIMIT === 'off' ? null : { requests: Number(requests), seconds: Number(seconds) },
    },
    returnHosts: isProduction ? hosts : [...hosts, sandbox, `localhost:${env.SANDBOX_PORT}`],
    program: { name: env.PROGRAM_NAME, logoUrl: env.PROGRAM_LOGO_URL, accent: env.PROGRAM_ACCENT, contact: env.PROGRAM_CONTACT },
    pointsPerRuble: env.POINTS_PER_RUBLE,
    autopay: toAutopay(env, env.MODE),
    topUps: toTopUps(env, { isProduction, apiUrl }),
    minapp: toMinapp(env, { isProduction, apiUrl, sandboxPort: env.SANDBOX_PORT }),
    alone: { points: env.TWO_EYES_POINTS, roubles: env.TWO_EYES_ROUBLES },
    timeZone: env.TIME_ZONE,
    mail: { url: env.MAIL_URL ?? (isProduction ? undefined : 'file:./data/mail'), from: env.MAIL_FROM ?? 'points@localhost' },
    alerts: { emails: env.ALERT_EMAILS, webhookUrl: env.ALERT_WEBHOOK_URL, webhookSecret: env.ALERT_WEBHOOK_SECRET },
    logLevel: env.LOG_LEVEL,
    commandLinePassword: env.GATEWAY_PASSWORD,
    trustProxy: env.TRUST_PROXY,
    sandboxPort: env.SANDBOX_PORT,
  }
}

/** What must be right before real money moves. */
function productionFaults(env: Environment, config: Config): string[] {
  const { token, apiUrl } = config.invoicebox
  const checks: [boolean, string][] = [
    [config.publicUrl.protocol !== 'https:', 'PUBLIC_URL must be set and begin with https:// in production.'],
    ...secretFaults(env),
    [!token, 'INVOICEBOX_TOKEN is missing.'],
    [PUBLISHED_TOKEN.test(token), "INVOICEBOX_TOKEN is the demo token of Invoicebox's public documents. Set your own."],
    [token === NOT_FOR_PRODUCTION.token, "INVOICEBOX_TOKEN is the sandbox's token. Set your own."],
    [new URL(apiUrl).protocol !== 'https:', 'INVOICEBOX_API_URL must begin with https:// in production.'],
    [isLoopback(apiUrl), 'INVOICEBOX_API_URL points to this machine, which is a sandbox. Production needs the real Invoicebox.'],
    ...merchantFaults(env, config.invoicebox),
    ...topUpFaults(config.topUps),
    ...minappFaults(config.minapp),
    ...noticeFaults(env),
  ]
  return checks.flatMap(([isFault, sentence]) => (isFault ? [sentence] : []))
}

/** This machine under any of its names; `URL` has written numbers such as 0x7f.1 as addresses by then. */
function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false
  const name = new URL(text).hostname.replace(/\.$/, '')
  return /^(localhost|.*\.localhost|127\..*|0\.0\.0\.0|\[::1?\]|\[::ffff:(7f..|0):.*\])$/.test(name)
}
