/**
 * What a log may know of an error. Knex puts the whole statement with its values before the message, and PostgreSQL adds them as properties: sessions,
 * people and secrets among them. So only the kind, the code, the last part of the message and the stack's places are kept.
 */
export function safeError(error: unknown): { type: string; code?: string; message: string; stack: string } {
  const { name, message, stack, code } = (error ?? {}) as Partial<Record<'name' | 'message' | 'stack' | 'code', unknown>>
  if (typeof name !== 'string' || typeof message !== 'string') return { type: typeof error, message: 'not an error object', stack: '' }
  const isFromDatabase = typeof code === 'string'
  return {
    type: name,
    ...(isFromDatabase ? { code } : {}),
    message: isFromDatabase ? (message.split(' - ').at(-1) ?? '') : message,
    stack: (typeof stack === 'string' ? stack : '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
  }
}
