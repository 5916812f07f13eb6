import { hasControlCharacter } from '../shared/audit'

/** Whether a text reads as it is written: without control characters, and without those that turn the direction of what follows, by which an address or a price passes for another one. */
export const isPlain = (text: string): boolean => !hasControlCharacter(text) && !/\p{Bidi_Control}/u.test(text)
