import type { MiniApp } from './settings'
import type { World } from './world'

const DEFAULT_TITLE = 'Баллы и ваучеры программы'

/** The mini-apps on offer: those of the settings, else the partner's own (reference 5.1). */
export const minappsOf = ({ settings }: World): readonly MiniApp[] => settings.minapps ?? [partnersOwn(settings.partnerAuthUrl)]

const partnersOwn = (partnerAuthUrl: string): MiniApp => ({
  title: DEFAULT_TITLE,
  url: new URL('/minapp', partnerAuthUrl.replaceAll(/[{}]/g, '')).href,
})
