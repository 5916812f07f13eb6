import type { Lang } from '../pages/page'
import { en } from './texts-en'
import { ru } from './texts-ru'
import type { HostTexts } from './texts-ru'

export type { HostTexts }

export const hostTexts: Readonly<Record<Lang, HostTexts>> = { ru, en }
