/** One part of a form that may bring files. */
export interface Part {
  readonly name: string
  /** Text, unless the part says that it is a file. */
  readonly value: string | Buffer
}

const HEADERS_END = '\r\n\r\n'

/**
 * Takes a `multipart/form-data` body apart (RFC 7578); undefined when it is none. What is no field of a form, such as a part without a name, makes it none too.
 * @param contentType the header, which names the line between the parts
 */
export function readMultipart(contentType: string, body: Buffer, mostParts: number): Part[] | undefined {
  const boundary = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType)
  const name = boundary?.[1] ?? boundary?.[2]
  if (name === undefined) return undefined
  const pieces = split(body, Buffer.from(`--${name}`), mostParts + 2)
  const last = pieces?.pop()
  if (!pieces || last?.toString('latin1', 0, 2) !== '--') return undefined
  const parts = pieces.slice(1).map(toPart)
  return parts.every((part) => part !== undefined) ? parts : undefined
}

/** The pieces between the lines; undefined when there are too many. */
function split(body: Buffer, line: Buffer, most: number): Buffer[] | undefined {
  const pieces: Buffer[] = []
  let from = 0
  for (let at = body.indexOf(line); at !== -1; at = body.indexOf(line, from)) {
    pieces.push(body.subarray(from, at))
    from = at + line.length
    if (pieces.length >= most) return undefined
  }
  return [...pieces, body.subarray(from)]
}

/** A piece is a line break, headers, an empty line, the value, and a line break. */
function toPart(piece: Buffer): Part | undefined {
  const end = piece.indexOf(HEADERS_END)
  if (end === -1 || piece.toString('latin1', 0, 2) !== '\r\n' || piece.toString('latin1', piece.length - 2) !== '\r\n') return undefined
  const disposition = /^content-disposition:\s*form-data;(.*)$/im.exec(piece.toString('utf8', 0, end))?.[1]
  const name = disposition === undefined ? undefined : /(?:^|[;\s])name="([^"]{1,100})"/i.exec(disposition)?.[1]
  if (disposition === undefined || name === undefined) return undefined
  const value = piece.subarray(end + HEADERS_END.length, -2)
  return { name, value: /;\s*filename=/i.test(disposition) ? value : value.toString('utf8') }
}
