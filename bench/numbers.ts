/** The middle of some numbers. @throws Error when there are none */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which such a share of the numbers lies; between two of them it is interpolated. @throws Error when there are none */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const [low, high] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]]
  if (low === undefined || high === undefined) throw new Error('bug: a quantile of nothing')
  return low + (high - low) * (place - Math.floor(place))
}
