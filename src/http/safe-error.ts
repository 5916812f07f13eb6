/**
 * What a log may know of an error. Knex puts the whole statement with its values before the message, and PostgreSQL adds them as properties: sessions,
 * people and secrets among them. So only the kind, the code, the last part of the message and the stack's places are kept.
 */
export function safeError(error: unknown): { type: string; code?: string; message: string; stack: string } {
  if (!(error instanceof Error)) return { type: typeof error, message: 'not an error object', stack: '' }
  const { code } = error as { code?: unknown }
  const isFromDatabase = typeof code === 'string'
  return {
    type: error.name,
    ...(isFromDatabase ? { code } : {}),
    message: isFromDatabase ? (error.message.split(' - ').at(-1) ?? '') : error.message,
    stack: (error.stack ?? '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .join('\n'),
  }
}
