import { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { readErasure } from '../../members'
import type { Erasure } from '../../members'
import type { Db } from '../../shared/database'
import { Refusal } from '../../shared/refusals'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { MEMBER, namedMember } from './card-routes'
import type { MemberPagesDeps } from './deps'
import { erasurePdf, erasureText } from './erasure-files'
import { MEMBERS_PATH } from './present'
import { presentErasure } from './present-erasure'

const PATH = `${MEMBERS_PATH}/:id/erasure`

/** The doors of an erasure: asking for it, and its proof. */
export const erasureRoutes = (deps: MemberPagesDeps): Route[] => [
  erase(deps),
  showProof(deps),
  sendProof(deps, 'txt'),
  sendProof(deps, 'pdf'),
]

const erase = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${MEMBERS_PATH}/:id/erase`,
    policy: staffWith('members.erase'),
    summary: 'Asks for the erasure of what is known of a member as a person.',
    input: { params: MEMBER, body: z.object({ ...DEED_FIELDS }) },
    handle: async (context) => {
      const { id } = context.input.params
      const { login, path } = await namedMember(deps, id, context.staff)
      const what = context.t('member.what.erase', { login })
      const form = { section: 'members', payload: { memberId: id }, what, action: `${path}/erase`, fields: {}, back: path } as const
      await answerDeed(context, deps.approvals, { ...form, deed: deps.deeds.members.erase })
    },
  })

async function required(db: Db, id: string): Promise<Erasure> {
  const erasure = await readErasure(db, id)
  if (!erasure) throw new Refusal('not_found')
  return erasure
}

const showProof = (deps: MemberPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PATH,
    policy: staffWith('audit.read'),
    summary: 'Shows the proof that personal data were erased.',
    input: { params: MEMBER },
    handle: async (context) => {
      const erasure = await required(deps.db, context.input.params.id)
      const { t, language } = context
      context.page('backoffice/erasure', {
        frame: frameOf(context, 'members'),
        ...presentErasure(erasure, { t, language, zone: deps.config.timeZone }),
      })
    },
  })

const FILES = { txt: erasureText, pdf: erasurePdf } as const

const sendProof = (deps: MemberPagesDeps, kind: keyof typeof FILES): Route =>
  defineRoute({
    method: 'get',
    path: `${PATH}.${kind}`,
    policy: staffWith('audit.read'),
    summary: `Sends the proof that personal data were erased as a ${kind === 'pdf' ? 'PDF' : 'text'} file.`,
    input: { params: MEMBER },
    handle: async ({ input, t, language, res }) => {
      const erasure = await required(deps.db, input.params.id)
      await sendDownload(res, FILES[kind](erasure, { t, language, zone: deps.config.timeZone }, deps.config.program.name))
    },
  })
