import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { chainAudit, listAudit, parseLink, verifyAudit } from '../audit'
import type { AuditProof, Link } from '../audit'
import { LIMIT } from './limit'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

export function addAuditCommands(program: Command, config: ConfigFor): void {
  const audit = program.command('audit').description('the log of who did what')
  audit
    .command('verify')
    .description('prove that no row of the audit log was changed or taken away; ends with 1 when one was')
    .option('--kept <position:hash>', 'the newest link as an earlier run told it, kept outside this database', link)
    .option('--json')
    .action((options: { kept?: Link; json?: boolean }) =>
      withParts(config(), async ({ db }) => {
        while ((await chainAudit(db)) > 0);
        const proof = await verifyAudit(db, options.kept)
        if (options.json) answer(shown(proof), options)
        else process.stdout.write(`${sentences(proof).join('\n')}\n`)
        if (!proof.ok) process.exitCode = 1
      }),
    )
  audit
    .command('list')
    .description('list the newest rows')
    .option('--subject <subject>', 'only what was done to this, such as member:…')
    .option('--actor <actor>', 'only what this one did, such as staff:…')
    .option(...LIMIT, 50)
    .option('--json')
    .action(({ subject, actor, limit, json = false }: { subject?: string; actor?: string; limit: number; json?: boolean }) =>
      withParts(config(), async ({ db }) =>
        answer(await listAudit(db, { subjects: subject === undefined ? undefined : [subject], actor }, { limit }), { json }),
      ),
    )
}

const linkText = ({ position, hash }: Link): string => `${String(position)}:${hash}`
const shown = ({ head, ...proof }: AuditProof): object => ({ ...proof, head: linkText(head) })

const sentences = ({ ok, rows, head, differences }: AuditProof): string[] => [
  ...(ok ? [`The audit log is as it was written: ${rows} ${rows === 1 ? 'row' : 'rows'}.`] : differences),
  `Newest link, to be kept elsewhere: ${linkText(head)}`,
]

function link(text: string): Link {
  const read = parseLink(text)
  if (!read) throw new InvalidArgumentError('A link is a position and a hash with a colon between them, as `audit verify` prints it.')
  return read
}
