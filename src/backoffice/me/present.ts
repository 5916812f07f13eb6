import type { StaffActor } from '../../shared/actor'
import { qrPath } from '../../shared/qr'
import type { Refusal } from '../../shared/refusals'
import type { Translate } from '../../shared/texts'
import { totpAddress } from '../../staff'
import type { OfferedSecret, StaffSession } from '../../staff'
import { momentText, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import { browserText, presentSessions } from '../staff/present'
import type { Table } from '../table'

/** What `views/backoffice/me.ejs` prints. */
export interface MePage {
  readonly alert: string | null
  readonly signedInAs: string
  readonly sessions: Table
  /** The forms that end a session other than this one, in the order of the table. */
  readonly others: readonly (Sentence & { readonly idHash: string })[]
  readonly factorText: string
  /** What can be done about the second factor; `off` where the deployment has none. */
  readonly factor: 'off' | 'none' | 'set'
  readonly key: string
  readonly mayDrop: boolean
}

export interface MeView {
  readonly staff: StaffActor
  readonly sessions: readonly StaffSession[]
  readonly thisSession: string
  readonly factor: MePage['factor']
  readonly codesLeft: number
  readonly isFactorNeeded: boolean
  /** Names the form that makes new recovery codes. */
  readonly key: string
  readonly refusal?: Refusal | undefined
}

export function presentMe(view: MeView, reader: Reader): MePage {
  const { t } = reader
  const { staff, sessions, thisSession, factor, refusal } = view
  return {
    alert: refusal ? ownAlert(refusal, t) : null,
    signedInAs: t('me.signed_in_as', { login: staff.login, role: t(`role.${staff.role}`) }),
    sessions: presentSessions(sessions, thisSession, reader),
    others: sessions
      .filter(({ idHash }) => idHash !== thisSession)
      .map((session) => ({ idHash: session.idHash, ...endText(session, reader) })),
    factorText:
      factor === 'set' ? t('me.factor_set', { left: String(view.codesLeft) }) : t(factor === 'off' ? 'me.factor_off' : 'me.factor_none'),
    factor,
    key: view.key,
    mayDrop: factor === 'set' && !view.isFactorNeeded,
  }
}

/** Several sessions of one browser are told apart by when they began. */
function endText({ since, with: family, from }: StaffSession, reader: Reader): Sentence {
  const { t } = reader
  const where = `${browserText(family, t)} · ${from}`
  return since ? toldAt(`${t('me.end')}: ${momentText(since, reader)} · ${where}`, since) : { text: `${t('me.end')}: ${where}` }
}

export const alertOf = (refusal: Refusal, t: Translate): string =>
  refusal.code === 'bad_input' ? t('staff.password_rule') : t(`refusal.${refusal.code}`)

/** Somebody who is signed in has typed no login, but their password once more; and what was sent before are forms that show recovery codes. */
function ownAlert(refusal: Refusal, t: Translate): string {
  if (refusal.code === 'wrong_login_or_password') return t('me.password_wrong')
  return refusal.code === 'key_reused' ? t('me.codes_sent_before') : alertOf(refusal, t)
}

/** What `views/backoffice/me-factor.ejs` prints. */
export interface FactorPage {
  readonly alert: string | null
  readonly offer: { readonly qr: ReturnType<typeof qrPath>; readonly secret: string; readonly sealed: string }
}

export function presentFactor(offer: OfferedSecret, of: { issuer: string; login: string }, t: Translate, refusal?: Refusal): FactorPage {
  return {
    alert: refusal ? t(`refusal.${refusal.code}`) : null,
    offer: { qr: qrPath(totpAddress(offer.plain, of)), secret: (offer.plain.match(/.{1,4}/g) ?? []).join(' '), sealed: offer.sealed },
  }
}
