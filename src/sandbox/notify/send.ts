export interface HttpReply {
  readonly status: number
  readonly text: string
}

const MOST_ANSWER = 64_000

/** Posts a notification. A redirect is an answer like any other and is not followed. @throws Error when nothing readable came in time */
export async function post(url: string, body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<HttpReply> {
  const response = await fetch(url, { method: 'POST', body: Buffer.from(body, 'utf8'), headers, redirect: 'manual', signal })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk as Uint8Array)
    size += (chunk as Uint8Array).length
    if (size > MOST_ANSWER) break
  }
  return { status: response.status, text: Buffer.concat(chunks).toString('utf8').slice(0, MOST_ANSWER) }
}

/** An error of fetch in a few words. */
export function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
  if (name === 'TimeoutError') return 'no answer in time'
  if (name === 'AbortError') return 'the sandbox stopped'
  return cause?.code ?? cause?.message ?? message
}
