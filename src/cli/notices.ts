import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { listNotices, NOTICE_STATES, retryNotice } from '../notices'
import type { Notice, NoticeState } from '../notices'
import { iso } from '../shared/database'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { LIMIT } from './limit'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

export function addNoticeCommands(program: Command, config: ConfigFor): void {
  const notices = program.command('notices').description('letters and webhook calls')
  notices
    .command('list', { isDefault: true })
    .description('list them, newest first')
    .option('--state <state>', `one of ${NOTICE_STATES.join(', ')}`, noticeState)
    .option(...LIMIT, 100)
    .option('--json')
    .action((options: { state?: NoticeState; limit: number; json?: boolean }) =>
      withParts(config(), async ({ db }) => {
        answer((await listNotices(db, { state: options.state, limit: options.limit })).map(shown), options)
      }),
    )
  notices
    .command('retry <id>')
    .description('send one that was given up or dropped once more')
    .option('--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor, where that person has one')
    .action((id: string, options: AuthorOptions) =>
      withParts(config(), async (parts) => {
        await retryNotice(parts, id, await authorOf(parts, options))
        process.stdout.write('Queued.\n')
      }),
    )
}

const shown = ({ id, createdAt, channel, topic, source, recipient, state, attempts, sentAt, lastError }: Notice): object => ({
  id,
  createdAt: iso(createdAt),
  channel,
  topic,
  source,
  recipient,
  state,
  attempts,
  sentAt: sentAt && iso(sentAt),
  lastError,
})

function noticeState(text: string): NoticeState {
  const state = NOTICE_STATES.find((known) => known === text)
  if (!state) throw new InvalidArgumentError(`A state is one of ${NOTICE_STATES.join(', ')}.`)
  return state
}
