import { z } from 'zod'
import { switchAutopay } from '../../autopay'
import type { SwitchState } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { Permission } from '../../shared/permissions'
import type { AutopayRulePagesDeps } from './deps'
import { AUTOPAY } from './paths'

const BODY = z.object({
  organisation: z.union([z.literal(''), z.uuid()]),
  back: z
    .string()
    .max(200)
    .regex(/^\/admin\/autopay(\/[a-z0-9-]+)*$/),
  reason: z.string().trim().max(400).optional(),
  seen: z.string().max(64).optional(),
})

/** The doors of the switch: one for each way it can be turned. A brake asks for no reason and shows no second page. */
export const switchRoutes = (deps: AutopayRulePagesDeps): Route[] => [
  turn(deps, { name: 'stop', state: 'stopped', right: 'autopay.stop', summary: 'Stops automatic payment at once.' }),
  turn(deps, { name: 'on', state: 'on', right: 'autopay.run', summary: 'Switches automatic payment on, or releases the brake.' }),
  turn(deps, { name: 'off', state: 'off', right: 'autopay.run', summary: 'Switches automatic payment off.' }),
]

interface Turn {
  readonly name: string
  readonly state: SwitchState
  readonly right: Permission
  readonly summary: string
}

const turn = (deps: AutopayRulePagesDeps, { name, state, right, summary }: Turn): Route =>
  defineRoute({
    method: 'post',
    path: `${AUTOPAY}/switch/${name}`,
    policy: staffWith(right),
    summary,
    input: { body: BODY },
    handle: async ({ input: { body }, staff, t, redirect }) => {
      const reason = body.reason === undefined || body.reason === '' ? t('autopay.switch.stop_reason') : body.reason
      const organisationId = body.organisation === '' ? undefined : body.organisation
      await switchAutopay(deps, { state, organisationId, author: staff, reason, seen: body.seen })
      redirect(`${body.back}?done=done`)
    },
  })
