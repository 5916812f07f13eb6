import { createSeal } from '../shared/seal'

const sealOf = (secret: string) => createSeal(secret, 'second factor of staff')

/** Encrypts a secret of one person: in another person's row it cannot be opened. */
export const seal = (secret: string, ownerId: string, text: string): string => sealOf(secret).seal(ownerId, text)

/** The text, or undefined when it was sealed under another secret, for another person, or not by us. */
export const unseal = (secret: string, ownerId: string, sealed: string): string | undefined => sealOf(secret).unseal(ownerId, sealed)
