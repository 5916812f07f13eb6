import { z } from 'zod'
import { organisationsOf, pageRules, readAssigned, readOrganisations, requireOrganisation, setContacts } from '../../autopay'
import type { Organisation } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { PORTION, portionOf } from '../portion'
import { TYPED_AMOUNT } from '../members/typed-amount'
import { staffLogins } from '../staff-logins'
import type { AutopayRulePagesDeps } from './deps'
import { partLinks } from './desk'
import { organisationPath, ORGANISATIONS, RULES } from './paths'
import { EMPTY_ORGANISATION, organisationForm, organisationRows, presentOrganisations } from './present-organisations'
import type { OrganisationForm } from './present-organisations'
import { presentRules } from './present-rules'
import { presentSwitch } from './present-switch'
import { readPeople, typePeople } from './typed-people'
import type { PeopleRead } from './typed-people'

const PARAMS = z.object({ id: z.string().refine(looksLikeId) })
const DONE = z.object({ done: z.string().optional() })
const AFTER = z.string().refine(looksLikeId).optional()

/** The doors of organisations: the list, one with its people and budgets, and its addresses. */
export const organisationRoutes = (deps: AutopayRulePagesDeps): Route[] => [
  listAll(deps),
  showOne(deps),
  addOne(deps),
  changeOne(deps),
  setAddresses(deps),
]

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

/** What came back from a form that was not taken. */
interface Rejected {
  readonly form: OrganisationForm
  readonly fault: string
  readonly organisationId: string
}

const listAll = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: ORGANISATIONS,
    policy: staffWith('autopay.read'),
    summary: 'Lists the organisations that the reader may see.',
    input: { query: DONE.extend({ after: AFTER }) },
    handle: (context) => showList(deps, context, context.input.query),
  })

interface Place {
  readonly done?: string | undefined
  readonly after?: string | undefined
}

async function showList({ db, zone }: AutopayRulePagesDeps, context: Context, { done, after }: Place, rejected?: Rejected): Promise<void> {
  const [reader, organisations] = [{ ...context, zone }, await organisationsOf(db, context.staff)]
  const { shown, links } = portionOf(organisations, { path: ORGANISATIONS, after })
  const model = {
    frame: frameOf(context, 'autopay', done),
    parts: partLinks(context.t, 'organisations'),
    autopay: presentSwitch({ organisations, staff: context.staff, back: ORGANISATIONS }, reader),
    table: { ...presentOrganisations(shown, reader), ...links },
    mayAdd: may(context.staff, 'organisations.change'),
    organisationId: rejected?.organisationId ?? newId(),
    form: rejected?.form ?? EMPTY_ORGANISATION,
    fault: rejected?.fault ?? null,
  }
  context.page('backoffice/autopay-organisations', model, rejected ? 400 : 200)
}

const showOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${ORGANISATIONS}/:id`,
    policy: staffWith('autopay.read'),
    summary: 'Shows one organisation: its switch, budgets, rules, and who approves.',
    input: { params: PARAMS, query: DONE },
    handle: async (context) => {
      const { params, query } = context.input
      await showCard(deps, context, { organisation: await requireOrganisation(deps.db, context.staff, params.id), done: query.done })
    },
  })

interface Card {
  readonly organisation: Organisation
  readonly done?: string | undefined
  readonly rejected?: Rejected
}

async function showCard(
  { db, clock, zone }: AutopayRulePagesDeps,
  context: Context,
  { organisation, done, rejected }: Card,
): Promise<void> {
  const { staff } = context
  const [reader, { id }] = [{ ...context, zone }, organisation]
  const people = typePeople(organisation.steps, await readAssigned(db, id), await staffLogins(db))
  const rules = await pageRules(db, [id], { after: undefined, limit: PORTION })
  const model = {
    frame: frameOf(context, 'autopay', done),
    parts: partLinks(context.t, 'organisations'),
    autopay: presentSwitch({ organisations: [organisation], staff, back: organisationPath(id), organisationId: id }, reader),
    name: organisation.name,
    organisationId: id,
    rows: organisationRows(organisation, people, reader),
    rules: presentRules({ rules, organisations: [organisation], now: clock.now() }, reader),
    rulesHref: `${RULES}?organisation=${id}`,
    form: rejected?.form ?? organisationForm(organisation, people),
    fault: rejected?.fault ?? null,
    contacts: organisation.contacts.join('\n'),
    mayChange: may(staff, 'organisations.change'),
  }
  context.page('backoffice/autopay-organisation', model, rejected ? 400 : 200)
}

const FIELDS = {
  name: z.string().trim().max(250),
  vatNumber: z.string().trim().max(20),
  perDay: TYPED_AMOUNT,
  perMonth: TYPED_AMOUNT,
  staff: z.string().max(2_000),
  steps: z.string().max(4_000),
}
const BODY = z.object({ ...FIELDS, ...DEED_FIELDS })
const NEW = BODY.extend({ organisationId: z.uuid() })

const addOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: ORGANISATIONS,
    policy: staffWith('organisations.change'),
    summary: 'Shows an organisation as it would be, then adds it; its automatic payment is off.',
    input: { body: NEW },
    handle: async (context) => {
      const { body } = context.input
      const read = await readPeople(deps.db, body)
      if (!read.ok) return showList(deps, context, {}, rejectedOf(body, body.organisationId, read, context))
      await requireNewOrOwn(deps, context.staff, body.organisationId)
      const fields = { ...typedOf(body), organisationId: body.organisationId }
      const what = context.t('autopay.organisation.what.add', { name: body.name })
      const form = { section: 'autopay', what, action: ORGANISATIONS, fields, back: organisationPath(body.organisationId) } as const
      await answerDeed(context, deps.approvals, {
        ...form,
        deed: deps.deeds.organisations.change,
        payload: payloadOf(body, body.organisationId, read),
      })
    },
  })

/** The id of a new organisation comes from the form; one that names somebody else's must not show what that is. */
async function requireNewOrOwn({ db }: AutopayRulePagesDeps, staff: StaffActor, id: string): Promise<void> {
  const isKnown = (await readOrganisations(db)).some((known) => known.id === id)
  if (isKnown) await requireOrganisation(db, staff, id)
}

const changeOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${ORGANISATIONS}/:id/change`,
    policy: staffWith('organisations.change'),
    summary: 'Shows what of an organisation would change, then changes it or asks a second person.',
    input: { params: PARAMS, body: BODY },
    handle: async (context) => {
      const { body, params } = context.input
      const organisation = await requireOrganisation(deps.db, context.staff, params.id)
      const read = await readPeople(deps.db, body)
      if (!read.ok) return showCard(deps, context, { organisation, rejected: rejectedOf(body, organisation.id, read, context) })
      const path = organisationPath(organisation.id)
      const what = context.t('autopay.organisation.what.change', { name: body.name })
      const form = { section: 'autopay', what, action: `${path}/change`, fields: typedOf(body), back: path } as const
      await answerDeed(context, deps.approvals, {
        ...form,
        deed: deps.deeds.organisations.change,
        payload: payloadOf(body, organisation.id, read),
      })
    },
  })

type Typed = OrganisationForm

const typedOf = ({ name, vatNumber, perDay, perMonth, staff, steps }: Typed): Record<keyof OrganisationForm, string> => ({
  name,
  vatNumber,
  perDay,
  perMonth,
  staff,
  steps,
})

const rejectedOf = (typed: Typed, organisationId: string, read: Exclude<PeopleRead, { ok: true }>, { t }: Context): Rejected => ({
  form: typedOf(typed),
  organisationId,
  fault:
    'badLine' in read
      ? t('autopay.organisation.bad_steps', { line: read.badLine.slice(0, 100) })
      : t('autopay.organisation.unknown_login', { logins: read.unknown.join(', ') }),
})

const payloadOf = (
  { name, vatNumber, perDay, perMonth }: Typed,
  organisationId: string,
  { people }: Extract<PeopleRead, { ok: true }>,
) => ({
  organisationId,
  name,
  vatNumber,
  perDay: perDay === '' ? null : perDay,
  perMonth: perMonth === '' ? null : perMonth,
  ...people,
})

const setAddresses = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${ORGANISATIONS}/:id/contacts`,
    policy: staffWith('organisations.change'),
    summary: 'Sets the addresses to which letters about an organisation go.',
    input: { params: PARAMS, body: z.object({ contacts: z.string().max(3_000), reason: z.string().trim().min(1).max(400) }) },
    handle: async ({ input, staff, redirect }) => {
      const contacts = input.body.contacts.split(/\s+/).filter((address) => address !== '')
      await setContacts(deps, { organisationId: input.params.id, contacts, author: staff, reason: input.body.reason })
      redirect(`${organisationPath(input.params.id)}?done=done`)
    },
  })
