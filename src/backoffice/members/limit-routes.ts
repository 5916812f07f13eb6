import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { PROGRAMME, readLimits } from '../../members'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { MEMBER, namedMember } from './card-routes'
import type { MemberPagesDeps } from './deps'
import { MEMBERS_PATH } from './present'
import { limitFields } from './present-card'
import { TYPED_AMOUNT } from './typed-amount'

const LIMITS = { perPayment: TYPED_AMOUNT, perDay: TYPED_AMOUNT, perMonth: TYPED_AMOUNT }
const TYPED = Object.keys(LIMITS)
const PATH = `${MEMBERS_PATH}/limits`

/** The doors of spending limits: those of the programme, and those of one member. */
export const limitRoutes = (deps: MemberPagesDeps): Route[] => [showProgramme(deps), setProgramme(deps), setMember(deps)]

const showProgramme = ({ db }: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PATH,
    policy: staffWith('members.limits'),
    summary: 'Shows the spending limits of the programme.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const limits = limitFields(await readLimits(db, PROGRAMME))
      context.page('backoffice/member-limits', { frame: frameOf(context, 'members', context.input.query.done), limits })
    },
  })

interface TypedLimits {
  readonly perPayment: string
  readonly perDay: string
  readonly perMonth: string
}

const limitOf = (typed: string): string | null => (typed === '' ? null : typed)

const limitsOf = ({
  perPayment,
  perDay,
  perMonth,
}: TypedLimits): { perPayment: string | null; perDay: string | null; perMonth: string | null } => ({
  perPayment: limitOf(perPayment),
  perDay: limitOf(perDay),
  perMonth: limitOf(perMonth),
})

const typedOf = ({ perPayment, perDay, perMonth }: TypedLimits): Record<string, string> => ({ perPayment, perDay, perMonth })

const setProgramme = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: PATH,
    policy: staffWith('members.limits'),
    summary: 'Sets the spending limits of all members without limits of their own.',
    input: { body: z.object({ ...LIMITS, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { body } = context.input
      const what = context.t('member.what.programme_limits')
      const form = {
        section: 'members',
        payload: limitsOf(body),
        what,
        action: PATH,
        fields: typedOf(body),
        typed: TYPED,
        back: PATH,
      } as const
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.members.programmeLimits })
    },
  })

const NONE = { perPayment: null, perDay: null, perMonth: null }

const setMember = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${MEMBERS_PATH}/:id/limits`,
    policy: staffWith('members.limits'),
    summary: "Sets a member's own spending limits, or lets them follow the programme's.",
    input: { params: MEMBER, body: z.object({ follow: z.enum(['own', 'programme']), ...LIMITS, ...DEED_FIELDS }) },
    handle: async (context) => {
      const { body, params } = context.input
      const { login, path } = await namedMember(deps, params.id, context.staff)
      const own = body.follow === 'own'
      const payload = { memberId: params.id, own, ...(own ? limitsOf(body) : NONE) }
      const fields = { follow: body.follow, ...typedOf(body) }
      const what = context.t('member.what.limits', { login })
      const form = { section: 'members', payload, what, action: `${path}/limits`, fields, typed: own ? TYPED : [], back: path } as const
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.members.limits })
    },
  })
