const HEX = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i
const DARK = '#353F47'
const LIGHT = '#FFFFFF'

type Colour = readonly [red: number, green: number, blue: number]

/**
 * The style sheet that re-brands the pages: the accent, a darker one for hovering, and whichever text colour reads better on it.
 * It is a file of its own because the content security policy forbids inline styles. Without an accent the tokens stay as they are.
 * @throws Error when the accent is not `#rrggbb`
 */
export function brandSheet(accent: string | undefined): string {
  if (accent === undefined) return ':root {}\n'
  const colour = parseColour(accent)
  const text = contrast(colour, parseColour(DARK)) >= contrast(colour, parseColour(LIGHT)) ? DARK : LIGHT
  return `:root {\n  --accent: ${toHex(colour)};\n  --accent-hover: ${toHex(darker(colour))};\n  --on-accent: ${text};\n}\n`
}

function parseColour(hex: string): Colour {
  const parts = HEX.exec(hex)
  if (!parts) throw new Error(`"${hex.slice(0, 20)}" is not a colour such as #FAD247.`)
  const [, red = '', green = '', blue = ''] = parts
  return [parseInt(red, 16), parseInt(green, 16), parseInt(blue, 16)]
}

const toHex = (colour: Colour): string => `#${colour.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

const darker = ([red, green, blue]: Colour): Colour => [red * 0.93, green * 0.93, blue * 0.93]

/** The contrast ratio of WCAG 2.2. */
function contrast(one: Colour, other: Colour): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

function luminance(colour: Colour): number {
  const [red = 0, green = 0, blue = 0] = colour.map((part) =>
    part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  )
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
