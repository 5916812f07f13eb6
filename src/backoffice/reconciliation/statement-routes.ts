import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import { BadStatement, compareStatement, decodeStatement, previewStatement } from '../../reconciliation'
import { dayOf } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { frameOf } from '../frame'
import type { StaffActor } from '../../shared/actor'
import type { ReconciliationPagesDeps } from './deps'
import { RECONCILIATION_PATH, STATEMENT_PATH } from './present'
import { presentFaults, presentStatement } from './present-statement'

const NOTHING = z.literal('').transform(() => undefined)

const BODY = z.object({
  file: z.union([z.instanceof(Buffer), NOTHING]).optional(),
  /** What the first step has read, brought back as it was. */
  text: z.string().max(300_000).optional(),
  name: z.string().trim().max(200).optional(),
  replaces: z.union([NOTHING, z.string().refine(looksLikeId)]).optional(),
  confirmed: z.literal('yes').optional(),
})

type Body = z.output<typeof BODY>
type Context = Pick<RouteContext, 'page' | 't' | 'language' | 'redirect'> & { readonly staff: StaffActor }

/** The door for statements of the fund: first what was understood, then the comparison. */
export const takeStatement = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: STATEMENT_PATH,
    policy: staffWith('reconciliation.run'),
    summary: 'Shows what was understood of a statement of the fund, then compares our books with it.',
    upload: true,
    input: { body: BODY },
    handle: async (context) => {
      const { body } = context.input
      const text = body.text ?? decodeStatement(body.file ?? Buffer.alloc(0))
      const name = body.name || `${dayOf(deps.clock.now(), deps.zone)}.csv`
      await (body.confirmed ? compare : preview)(deps, context, { ...body, text, name }).catch((error: unknown) => {
        if (!(error instanceof BadStatement)) throw error
        const model = { frame: frameOf(context, 'reconciliation'), faults: presentFaults(error.found, context.t), preview: null }
        context.page('backoffice/statement', model, 422)
      })
    },
  })

type Given = Body & { readonly text: string; readonly name: string }

async function preview({ db, zone }: ReconciliationPagesDeps, context: Context, given: Given): Promise<void> {
  const understood = await previewStatement(db, given.text, zone)
  const frame = frameOf(context, 'reconciliation')
  context.page('backoffice/statement', { frame, faults: null, preview: presentStatement(understood, given, { ...context, zone }) })
}

async function compare(deps: ReconciliationPagesDeps, context: Context, { name, text, replaces }: Given): Promise<void> {
  const { statementId } = await compareStatement({ ...deps, timeZone: deps.zone }, { name, text, replaces, author: context.staff })
  context.redirect(`${RECONCILIATION_PATH}?statement=${statementId}&done=done`)
}
