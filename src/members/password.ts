import { hash, verify } from '@node-rs/argon2'
import type { Options } from '@node-rs/argon2'
import { Refusal } from '../shared/refusals'

/** Argon2id with 19 MiB, two passes, one lane: the first choice of OWASP's password storage cheat sheet. The package's default algorithm is argon2id. */
export const HASHING = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const satisfies Options

/** A hash of a random secret that nobody kept, with the parameters above: checking it costs an unknown login what a known one costs. */
export const DECOY_HASH = '$argon2id$v=19$m=19456,t=2,p=1$VxDFRvgZ6FNgO3qtigt01A$kuxxrQmFhrIEkQGLMzfTf8K1sNUlYt4qE4bcUczma8Q'

const SHORTEST = 8
const LONGEST = 200

/** The same characters typed on two keyboards may differ in bytes; NFKC makes them one. */
const prepared = (password: string): string => password.normalize('NFKC')

/** Hashes a new password for storage. @throws Refusal bad_input (detail: password) when it is shorter than 8 or longer than 200 characters */
export function hashPassword(password: string): Promise<string> {
  const { length } = password
  if (length < SHORTEST || length > LONGEST) throw new Refusal('bad_input', 'password')
  return hash(prepared(password), HASHING)
}

/** Whether the password belongs to the hash. The work runs on the thread pool, so no other request waits for it. */
export const isPassword = (storedHash: string, password: string): Promise<boolean> => verify(storedHash, prepared(password))
