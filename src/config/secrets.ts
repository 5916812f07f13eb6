import { isWeak, optional } from './fields'

/* The operator's own secrets: one for what ends with a sign-in, one for what is stored and must be readable for as long as it is. */

export const SECRET_FIELDS = {
  SESSION_SECRET: optional,
  CODES_SECRET: optional,
}

interface SecretSettings {
  readonly SESSION_SECRET?: string | undefined
  readonly CODES_SECRET?: string | undefined
}

export interface SecretConfig {
  readonly sessionSecret: string
  /** Seals vouchers, codes for points and the passes of orders, and digests the addresses of guests. */
  readonly codesSecret: string
}

/** Until another one is set, codes are sealed under the session secret, as they were before there was a secret of their own. */
export function toSecrets(env: SecretSettings, fallback: string): SecretConfig {
  const sessionSecret = env.SESSION_SECRET ?? fallback
  return { sessionSecret, codesSecret: env.CODES_SECRET ?? sessionSecret }
}

/** What must be right before real money moves: each with whether it is wrong. */
export const secretFaults = ({ SESSION_SECRET: session, CODES_SECRET: codes }: SecretSettings): [boolean, string][] => [
  [!session, 'SESSION_SECRET is missing. Set it to 32 or more random characters.'],
  [!!session && isWeak(session), 'SESSION_SECRET is too weak. Set it to 32 or more random characters.'],
  [!!codes && isWeak(codes), 'CODES_SECRET is too weak. Set it to 32 or more random characters.'],
]
