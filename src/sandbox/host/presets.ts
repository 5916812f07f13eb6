import type { Json } from '../http/json'
import type { Lang } from '../pages/page'

/** What the parent tells a mini-app at the start; `silent` tells nothing at all. */
export const PRESETS = ['order', 'suborder', 'content-height', 'bare', 'hostile', 'other-locale', 'fits', 'differs', 'silent'] as const
export type Preset = (typeof PRESETS)[number]

type JsonObject = Readonly<Record<string, Json>>

export interface Situation {
  readonly lang: Lang
  /** The invoice that a suborder would join; undefined where there is none. */
  readonly containerId: string | undefined
  /** Of the orders in that invoice. */
  readonly metaData: readonly Json[]
}

const BUYER: JsonObject = { userEmail: 'o.smirnova@example.test', userName: 'Ольга Смирнова', userPhone: '+79217654321' }
const SHOP_ID = 31

/** Metadata of a main order, as the reference's section 5.4 has it. */
const LODGING: readonly Json[] = [{ '@type': 'LodgingReservation', reservationId: 'K7Q2ZD', programme: 'loyalty' }]
const FLIGHT: readonly Json[] = [{ '@type': 'FlightReservation', reservationFor: { departureAirport: { iataCode: 'ZZZ' } } }]

const told = (fields: JsonObject, metaData: readonly Json[]): JsonObject => ({ public: fields, private: { metaData } })

const modeOf = (preset: Preset, { containerId }: Situation): JsonObject =>
  preset === 'suborder' && containerId !== undefined ? { minappType: 'suborder', orderContainerId: containerId } : { minappType: 'order' }

/** Whatever a page that means harm could say: nothing of it is signed. */
const hostile = (mode: JsonObject): JsonObject => ({
  public: {
    ...mode,
    shopId: "31' OR 1=1 --",
    userEmail: '"><script>alert(1)</script>@example.test',
    userName: `<img src=x onerror=alert(1)>${'А'.repeat(600)}`,
    userPhone: 'javascript:alert(1)',
    fullHeight: 'yes',
    locale: '../../etc/passwd',
    isSignedIn: true,
    memberId: 1,
    balance: 999_999_999,
    toString: 'overwritten',
  },
  private: { metaData: [null, 7, 'text', [[[]]], { a: { a: { a: { a: { a: {} } } } } }] },
})

/** Data of the main window, in the mode of the page: on a payment page every preset is a suborder's. */
export function initialData(preset: Preset, situation: Situation, isSlot: boolean): JsonObject | null {
  const { lang, metaData } = situation
  const mode = modeOf(isSlot ? 'suborder' : preset, situation)
  const isSuborder = mode['minappType'] === 'suborder'
  const whole = (locale: string): JsonObject => ({ ...mode, shopId: SHOP_ID, ...BUYER, fullHeight: !isSuborder, locale })
  if (preset === 'silent') return null
  if (preset === 'bare') return told(mode, [])
  if (preset === 'hostile') return hostile(mode)
  if (preset === 'other-locale') return told(whole(lang === 'ru' ? 'en' : 'ru'), metaData)
  if (preset === 'content-height') return told({ ...whole(lang), fullHeight: false }, metaData)
  if (preset === 'fits') return told(whole(lang), LODGING)
  if (preset === 'differs') return told(whole(lang), FLIGHT)
  return told(whole(lang), metaData)
}
