import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

export interface ReceivedLetter {
  readonly from: string
  readonly to: readonly string[]
  /** The message as it came: headers, an empty line, the body. */
  readonly source: string
}

/** A mail server on loopback that keeps what it is given. */
export class MailServer {
  readonly letters: ReceivedLetter[] = []
  /** What it answers to a recipient instead of taking it, by the recipient's address. */
  readonly refusals = new Map<string, string>()
  /** Takes connections and says nothing, as a server that hangs does. */
  silent = false
  private readonly sockets = new Set<Socket>()
  private readonly server = createServer((socket) => this.talk(socket))

  static async start(): Promise<MailServer> {
    const server = new MailServer()
    await new Promise<void>((resolve) => server.server.listen(0, '127.0.0.1', resolve))
    return server
  }

  get url(): string {
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Ends every connection without a word. */
  hangUp(): void {
    for (const socket of this.sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.hangUp()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private talk(socket: Socket): void {
    this.sockets.add(socket)
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => socket.destroy())
    if (this.silent) return
    const answer = (line: string): void => void socket.write(`${line}\r\n`)
    let [text, inLetter, from]: [string, boolean, string] = ['', false, '']
    let to: string[] = []
    const take = (line: string): string => {
      const address = /<([^>]*)>/.exec(line)?.[1] ?? ''
      const refusal = /^RCPT TO/i.test(line) ? this.refusals.get(address) : undefined
      if (refusal !== undefined) return refusal
      if (/^MAIL FROM/i.test(line)) [from, to] = [address, []]
      if (/^RCPT TO/i.test(line)) to.push(address)
      inLetter = /^DATA/i.test(line)
      if (/^QUIT/i.test(line)) return '221 bye'
      return inLetter ? '354 go on' : '250 ok'
    }
    answer('220 test')
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (;;) {
        const end = text.indexOf(inLetter ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const piece = text.slice(0, end)
        text = text.slice(end + (inLetter ? 5 : 2))
        if (!inLetter) answer(take(piece))
        else {
          inLetter = false
          this.letters.push({ from, to, source: piece })
          answer('250 kept')
        }
      }
    })
  }
}

/** The parts of a letter, decoded: its headers, and every text part one after the other. */
export function readLetter({ source }: Pick<ReceivedLetter, 'source'>): {
  readonly headers: string
  readonly subject: string
  readonly body: string
} {
  const at = source.indexOf('\r\n\r\n')
  const headers = source.slice(0, at).replace(/\r\n[ \t]+/g, ' ')
  const body = [...source.slice(at).matchAll(/Content-Transfer-Encoding: (\S+)[^\r]*(?:\r\n[^\r]+)*\r\n\r\n([\s\S]*?)(?=\r\n--|$)/g)]
    .map(([, encoding = '', text = '']) => decode(encoding, text))
    .join('\n')
  return { headers, subject: decodeWords(/^Subject: (.*)$/m.exec(headers)?.[1] ?? ''), body }
}

function decode(encoding: string, text: string): string {
  if (encoding === 'base64') return Buffer.from(text, 'base64').toString()
  if (encoding !== 'quoted-printable') return text
  return bytesOf(text.replace(/=\r\n/g, ''))
}

const bytesOf = (text: string): string =>
  Buffer.from(
    text.replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString()

const decodeWords = (text: string): string =>
  text
    .replace(/\?= =\?/g, '?==?')
    .replace(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi, (_all, kind: string, word: string) =>
      kind.toUpperCase() === 'B' ? Buffer.from(word, 'base64').toString() : bytesOf(word.replace(/_/g, ' ')),
    )
