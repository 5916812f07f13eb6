import type { StaffRole } from '../../shared/actor'
import { roleMay } from '../../shared/permissions'

/** Fewer digits are a name with a number behind it, such as `anna2024`. */
const PHONE = /\d{7,}/

/** A login as somebody of this role may see it: one that is an e-mail address or a phone number tells who it is. */
export function shownLogin(login: string, role: StaffRole): string {
  const tells = login.includes('@') || PHONE.test(login.replace(/[^\da-zа-яё]/g, ''))
  return tells && !roleMay(role, 'members.read-personal') ? `${login.slice(0, 2)}…` : login
}
