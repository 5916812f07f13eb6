const MOMENT = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?$/i

/** Moments outside of these years fit neither into ISO text of four digits nor into what the databases compare. */
const FIRST = Date.UTC(1970, 0, 1)
const END = Date.UTC(10_000, 0, 1)

/**
 * Reads a datetime of the API: `2026-03-05T09:30:00+00:00`, with or without a fraction. Without an offset it is UTC.
 * `null` for anything else, a 31st of February and years before 1970 or after 9999 included.
 */
export function parseMoment(text: string): Date | null {
  const parts = MOMENT.exec(text)
  if (!parts) return null
  const [, year, month, day, hour, minute, second, fraction = '', offset = 'Z'] = parts
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
  const local = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}Z`)
  if (Number.isNaN(local.getTime()) || local.getUTCDate() !== Number(day)) return null
  const minutes = offsetMinutes(offset)
  if (minutes === null) return null
  const moment = local.getTime() - minutes * 60_000
  return moment >= FIRST && moment < END ? new Date(moment) : null
}

function offsetMinutes(offset: string): number | null {
  if (offset.toUpperCase() === 'Z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(-2))
  if (hours > 18 || minutes > 59) return null
  return (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
