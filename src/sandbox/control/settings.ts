import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { minappsOf } from '../state/minapps'
import { MINAPP_RETURNS, NOTIFICATION_ALGORITHMS, RATE_LIMITERS, RETURN_LINKS, SETTINGS_ABOUT } from '../state/settings'
import type { RateLimit, Settings } from '../state/settings'
import type { World } from '../state/world'
import { flagField, readBody, textField, wholeField } from './read'

const RATE_SENTENCE = 'must be "100/30", {"limit": 100, "windowSeconds": 30}, or null or "off" for unlimited.'
const RATE = /^(\d{1,7})\/(\d{1,5})$/

const rateField = z.union(
  [
    z.null(),
    z.literal('off').transform(() => null),
    z
      .string()
      .regex(RATE)
      .transform((text): RateLimit => {
        const [limit = '', windowSeconds = ''] = text.split('/')
        return { limit: Number(limit), windowSeconds: Math.max(1, Number(windowSeconds)) }
      }),
    z.strictObject({ limit: wholeField(0, 9_999_999), windowSeconds: wholeField(1, 99_999) }),
  ],
  { error: RATE_SENTENCE },
)

const queryName = z
  .string()
  .regex(/^[A-Za-z][\w.-]{0,49}$/, { error: 'must be a parameter name of letters, digits, dots, dashes and underscores.' })

const TEN_YEARS = 10 * 366 * 24 * 60 * 60 * 1_000
const REFUND_SENTENCE = 'must be a whole number of milliseconds, or null or "off" for by hand only.'

const MINAPPS_SENTENCE =
  'must be [{"title": "…", "url": "http(s)://…"}], at most 20 with titles of 1 to 100 characters, or null or "default" for the partner\'s own.'

const minapp = z.strictObject({
  title: z.string().trim().min(1).max(100),
  url: z.url({ protocol: /^https?$/ }).max(1_000),
})

const minappsField = z.union([z.null(), z.literal('default').transform(() => null), z.array(minapp).max(20)], { error: MINAPPS_SENTENCE })

const settingsSchema = z.strictObject({
  rateLimit: rateField.optional(),
  nonIdempotentConfirm: flagField.optional(),
  singleAsArray: flagField.optional(),
  statusMissing: flagField.optional(),
  metaDataMissing: flagField.optional(),
  unknownFields: flagField.optional(),
  numericIds: flagField.optional(),
  paidDelaySeconds: wholeField(0, 31_536_000).optional(),
  strictHeaders: flagField.optional(),
  signatureRequired: flagField.optional(),
  signatureKey: textField(200, 1).optional(),
  partnerAuthUrl: textField(1_000, 1).optional(),
  returnLinks: z.enum(RETURN_LINKS).optional(),
  queryNames: z
    .strictObject({
      invoiceId: queryName.optional(),
      successUrl: queryName.optional(),
      failUrl: queryName.optional(),
      returnUrl: queryName.optional(),
    })
    .optional(),
  magicAmounts: flagField.optional(),
  rateLimiter: z.enum(RATE_LIMITERS).optional(),
  notificationKey: textField(200, 1).optional(),
  notificationAlgorithm: z.enum(NOTIFICATION_ALGORITHMS).optional(),
  notificationUrl: textField(1_000).optional(),
  notificationDelay: wholeField(0, TEN_YEARS).optional(),
  notificationTimeoutMs: wholeField(1, 600_000).optional(),
  notifyCanceled: flagField.optional(),
  merchantOrderIdUnique: flagField.optional(),
  refundAfterMs: z
    .union([z.null(), z.literal('off').transform(() => null), wholeField(0, TEN_YEARS)], { error: REFUND_SENTENCE })
    .optional(),
  shippingControl: flagField.optional(),
  cancelNeedsShippingUnavailable: flagField.optional(),
  refundableExtrasMissing: flagField.optional(),
  strictMerchant: flagField.optional(),
  minapps: minappsField.optional(),
  minappReturn: z.enum(MINAPP_RETURNS).optional(),
})

function isWebAddress(template: string): boolean {
  const text = template.replaceAll('{invoiceId}', 'id')
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol)
}

/** `PUT /_sandbox/settings`: changes what the body names, leaves the rest. @throws ApiRefusal 422 with a sentence */
export function changeSettings(world: World, body: unknown): void {
  const { queryNames = {}, ...changes } = readBody(settingsSchema, body)
  if (changes.partnerAuthUrl !== undefined && !isWebAddress(changes.partnerAuthUrl)) {
    throw new ApiRefusal(422, 'validation', 'partnerAuthUrl must be an http or https address; it may hold {invoiceId}.')
  }
  if (changes.notificationUrl && !isWebAddress(changes.notificationUrl)) {
    throw new ApiRefusal(422, 'validation', 'notificationUrl must be an http or https address, or empty.')
  }
  const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as Partial<Settings>
  const names = Object.fromEntries(Object.entries(queryNames)) as Partial<Settings['queryNames']>
  world.settings = { ...world.settings, ...given, queryNames: { ...world.settings.queryNames, ...names } }
}

export const rateText = (rate: RateLimit | null): string | null => rate && `${rate.limit}/${rate.windowSeconds}`

/** Every switch with its value, and a sentence about each. */
export const presentSettings = (world: World) => ({
  data: { ...world.settings, rateLimit: rateText(world.settings.rateLimit), minapps: minappsOf(world) },
  about: SETTINGS_ABOUT,
})
