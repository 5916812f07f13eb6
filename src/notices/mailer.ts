import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { SendMailOptions } from 'nodemailer'
import { SECOND } from '../shared/clock'

export interface Letter {
  /** The notice's id: the same letter has the same message id, however often it is sent. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
}

export interface Mailer {
  /** @throws what the mail server answers, or that it does not */
  send(letter: Letter): Promise<void>
}

/** Well below the time for which a notice is claimed. */
const CONNECT_MS = 10 * SECOND
const SILENCE_MS = 20 * SECOND

/** A server elsewhere must speak TLS before it gets a password or a letter; one on this machine is reached by nobody else. */
const isFarAway = (url: string): boolean => !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname)

/** @param url `smtp://…`, `smtps://…`, `file:FOLDER` for one `.eml` file a letter, or `console:` for standard error */
export function createMailer(url: string, from: { readonly address: string; readonly name: string }): Mailer {
  const compose = ({ id, to, subject, text, html }: Letter): SendMailOptions => ({
    from,
    to: { name: '', address: to },
    subject,
    text,
    html,
    messageId: `<${id}@${from.address.split('@').at(-1) ?? 'localhost'}>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  if (/^smtps?:/i.test(url)) {
    const smtp = createTransport({
      url,
      requireTLS: isFarAway(url),
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
    })
    return {
      async send(letter) {
        await smtp.sendMail(compose(letter))
      },
    }
  }
  const write = url === 'console:' ? print : keepIn(url.slice('file:'.length))
  const stream = createTransport({ streamTransport: true, buffer: true })
  return { send: async (letter) => write(letter.id, (await stream.sendMail(compose(letter))).message as Buffer) }
}

/** Standard output is the log's. */
const print = (_id: string, message: Buffer): Promise<void> =>
  new Promise((resolve, reject) => process.stderr.write(message, (error) => (error ? reject(error) : resolve())))

/** Whoever collects the letters finds whole files alone. */
const keepIn =
  (folder: string) =>
  async (id: string, message: Buffer): Promise<void> => {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, `.${id}.part`), message)
    await rename(join(folder, `.${id}.part`), join(folder, `${id}.eml`))
  }
