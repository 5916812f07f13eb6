import { qrPath } from '../shared/qr'
import type { QrPath } from '../shared/qr'
import type { Refusal } from '../shared/refusals'
import type { Translate } from '../shared/texts'
import { totpAddress } from './codes'
import type { OfferedSecret } from './second-factor'
import type { StaffDeps } from './staff'

/** What the form prints that asks for one code. */
export interface CodePage {
  readonly alert: string | null
}

export const presentCode = (t: Translate, refusal?: Refusal): CodePage => ({ alert: alertOf(t, refusal) })

/** A secret to be scanned or typed, and the form that proves it. */
export interface OfferPage extends CodePage {
  readonly qr: QrPath
  /** In groups of four, as it is typed. */
  readonly secret: string
  readonly sealed: string
}

export function presentOffer({ settings }: StaffDeps, offer: OfferedSecret, login: string, t: Translate, refusal?: Refusal): OfferPage {
  return {
    alert: alertOf(t, refusal),
    qr: qrPath(totpAddress(offer.plain, { issuer: settings.issuer, login })),
    secret: (offer.plain.match(/.{1,4}/g) ?? []).join(' '),
    sealed: offer.sealed,
  }
}

export interface SetupPage extends CodePage {
  readonly login: string
}

export const presentSetup = (t: Translate, form: { login?: string; refusal?: Refusal } = {}): SetupPage => ({
  alert: form.refusal?.code === 'bad_input' ? t('staff.password_rule') : alertOf(t, form.refusal),
  login: form.login ?? '',
})

const alertOf = (t: Translate, refusal: Refusal | undefined): string | null => (refusal ? t(`refusal.${refusal.code}`) : null)
