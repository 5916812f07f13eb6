import type { Command } from 'commander'
import { listRequests, readRequest } from '../approvals'
import type { ApprovalRequest, Submitted } from '../approvals'
import { authorName } from '../shared/actor'
import { iso } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { signedIn } from './author'
import type { AuthorOptions } from './author'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

/** Not done, and not refused either: somebody else must agree first. */
export const WAITS = 3

/** Tells that a request waits for a second person, and ends with a code of its own, so that no script takes it for done. @returns whether there is nothing more to tell: it waits, or its request was decided */
export function tellIfWaiting(submitted: Submitted<unknown>, { json = false }: Json): boolean {
  if (submitted.state === 'done') return false
  const { id, state, outcome } = submitted.request
  if (state === 'approved') return tellApproved({ id, outcome }, { json })
  if (json) answer({ waiting: id }, { json })
  else
    process.stdout.write(
      `This is above what one person changes alone. Request ${id} waits for a second person: gateway approvals approve ${id} --as LOGIN\n`,
    )
  process.exitCode = WAITS
  return true
}

/** The same command again, when somebody has agreed to its request meanwhile. */
function tellApproved({ id, outcome }: Pick<ApprovalRequest, 'id' | 'outcome'>, { json = false }: Json): true {
  answer(json ? { approved: id, outcome } : `Request ${id} was approved: ${outcome ?? 'it is being carried out'}.`, { json })
  if (outcome !== 'done') process.exitCode = outcome === null ? WAITS : 1
  return true
}

export function addApprovalCommands(program: Command, config: ConfigFor): void {
  const approvals = program.command('approvals').description('what waits for a second person')
  approvals
    .command('list', { isDefault: true })
    .description('list open requests, newest first')
    .option('--all', 'those that were decided as well')
    .option('--kind <kind>', 'only requests for this deed, such as points_credited')
    .option('--json')
    .action(({ all = false, kind, json = false }: Json & { all?: boolean; kind?: string }) =>
      withParts(config(), async ({ db, approvals: { kinds } }) => {
        if (kind !== undefined && !kinds.includes(kind)) throw new Refusal('bad_input', `kind: choose from ${kinds.join(', ')}`)
        answer((await listRequests(db, { state: all ? undefined : 'open', kind, limit: 100 })).map(shown), { json })
      }),
    )
  approvals
    .command('show <id>')
    .description('show one request')
    .option('--json')
    .action((id: string, options: Json) =>
      withParts(config(), async ({ db }) => answer(shown(required(await readRequest(db, id))), options)),
    )
  addDecisions(approvals, config)
}

function addDecisions(approvals: Command, config: ConfigFor): void {
  const asWhom = (command: Command): Command =>
    command
      .requiredOption('--as <login>', 'who decides: a person, whose password is read from GATEWAY_PASSWORD or standard input')
      .option('--code <code>', 'the code of the second factor, where that person has one')
      .option('--json')
  asWhom(approvals.command('approve <id>').description('agree to a request of somebody else, and carry it out')).action(
    (id: string, options: Json & AuthorOptions) =>
      withParts(config('serve'), async (parts) => {
        const request = await parts.approvals.approve(id, await signedIn(parts, options))
        answer(shown(request), options)
        if (request.outcome !== 'done') process.exitCode = 1
      }),
  )
  asWhom(approvals.command('refuse <id>').description('refuse a request of somebody else').requiredOption('--reason <text>', 'why')).action(
    (id: string, options: Json & AuthorOptions & { reason: string }) =>
      withParts(config('serve'), async (parts) =>
        answer(shown(await parts.approvals.refuse(id, await signedIn(parts, options), options.reason)), options),
      ),
  )
}

function required(request: ApprovalRequest | undefined): ApprovalRequest {
  if (!request) throw new Refusal('not_found', 'request')
  return request
}

const shown = (request: ApprovalRequest): object => ({
  id: request.id,
  kind: request.kind,
  state: request.state,
  subject: request.subject,
  payload: request.payload,
  reason: request.reason,
  maker: request.maker.kind === 'staff' ? request.maker.login : authorName(request.maker),
  createdAt: iso(request.createdAt),
  lapsesAt: iso(request.lapsesAt),
  decidedBy: request.decision?.by.login ?? null,
  outcome: request.outcome,
})
