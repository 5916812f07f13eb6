import { InvalidArgumentError } from 'commander'

/** The option of every listing, to be followed by its default: `.option(...LIMIT, 100)`. */
export const LIMIT = ['--limit <number>', 'how many at most', readLimit] as const

function readLimit(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 9999.')
  return Number(text)
}
