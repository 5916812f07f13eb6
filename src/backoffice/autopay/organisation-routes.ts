import { z } from 'zod'
import {
  contactsStamp,
  organisationsOf,
  pageRules,
  readAssigned,
  readOrganisations,
  requireOrganisation,
  setContacts,
  stampOf,
} from '../../autopay'
import type { Organisation } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import { answerDeed, DEED_FIELDS, keptReason } from '../deed-routes'
import type { KeptReason } from '../refused-form'
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
import { brakeOf } from './rule-routes'
import { faultOf, payloadOf, peopleFault, refusedField, typedOf } from './typed-organisation'
import { readPeople, typePeople } from './typed-people'

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

/** A form that comes back: with what is wrong with it, or because whoever wrote it wants to change it once more. */
interface Returned {
  readonly form: OrganisationForm
  readonly fault: string | null
  readonly organisationId: string
  readonly reason: KeptReason
  readonly basedOn: string
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

async function showList({ db, zone }: AutopayRulePagesDeps, context: Context, { done, after }: Place, returned?: Returned): Promise<void> {
  const [reader, organisations] = [{ ...context, zone }, await organisationsOf(db, context.staff)]
  const { shown, links } = portionOf(organisations, { path: ORGANISATIONS, after })
  const model = {
    frame: frameOf(context, 'autopay', done),
    parts: partLinks(context.t, 'organisations'),
    autopay: presentSwitch({ organisations, staff: context.staff, back: ORGANISATIONS }, reader),
    table: { ...presentOrganisations(shown, reader), ...links },
    mayAdd: may(context.staff, 'organisations.change'),
    organisationId: returned?.organisationId ?? newId(),
    form: returned?.form ?? EMPTY_ORGANISATION,
    fault: returned?.fault ?? null,
    reason: returned?.reason,
  }
  context.page('backoffice/autopay-organisations', model, model.fault === null ? 200 : 400)
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
  readonly returned?: Returned
  /** Addresses that were not taken, with why, and the reason given for them. */
  readonly contacts?: { readonly typed: string; readonly reason: string; readonly fault: Refusal }
}

async function showCard(
  { db, clock, zone }: AutopayRulePagesDeps,
  context: Context,
  { organisation, done, returned, contacts }: Card,
): Promise<void> {
  const { staff } = context
  const [reader, { id }] = [{ ...context, zone }, organisation]
  const assigned = await readAssigned(db, id)
  const people = typePeople(organisation.steps, assigned, await staffLogins(db))
  const rules = await pageRules(db, [id], { after: undefined, limit: PORTION })
  const model = {
    frame: frameOf(context, 'autopay', done),
    parts: partLinks(context.t, 'organisations'),
    autopay: presentSwitch({ organisations: [organisation], staff, back: organisationPath(id), organisationId: id }, reader),
    name: organisation.name,
    organisationId: id,
    rows: organisationRows(organisation, people, reader),
    rules: presentRules({ rules, organisations: null, now: clock.now() }, reader),
    rulesHref: `${RULES}?organisation=${id}`,
    form: returned?.form ?? organisationForm(organisation, people),
    basedOn: returned?.basedOn ?? stampOf(organisation, assigned),
    fault: returned?.fault ?? null,
    reason: returned?.reason,
    contacts: contacts?.typed ?? organisation.contacts.join('\n'),
    contactsReason: contacts?.reason ?? '',
    contactsFault: contacts ? contactsFault(contacts.fault, organisation, context) : null,
    contactsKey: newId(),
    contactsBasedOn: contactsStamp(organisation.contacts),
    mayChange: may(staff, 'organisations.change'),
  }
  context.page('backoffice/autopay-organisation', model, contacts?.fault.status ?? (model.fault === null ? 200 : 400))
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
type Body = z.output<typeof BODY>
const NEW = BODY.extend({ organisationId: z.uuid() })
const CHANGED = BODY.extend({ basedOn: z.string().max(64) })

const addOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: ORGANISATIONS,
    policy: staffWith('organisations.change'),
    summary: 'Shows an organisation as it would be, then adds it; its automatic payment is off.',
    input: { body: NEW },
    handle: async (context) => {
      const { body } = context.input
      await requireNewOrOwn(deps, context.staff, body.organisationId)
      await write(deps, context, body, {
        organisationId: body.organisationId,
        what: context.t('autopay.organisation.what.add', { name: body.name }),
        action: ORGANISATIONS,
        basedOn: 'new',
        fields: { organisationId: body.organisationId },
        page: ORGANISATIONS,
        show: (returned) => showList(deps, context, {}, returned),
      })
    },
  })

type DeedContext = Parameters<typeof answerDeed>[0]

interface Writing {
  readonly organisationId: string
  /** What whoever writes has seen. */
  readonly basedOn: string
  readonly what: string
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** The page that the form stands on. */
  readonly page: string
  readonly show: (returned: Returned) => Promise<void>
}

/** An organisation that is wrong comes back with what was typed and why; a right one goes the way of every deed. */
async function write(deps: AutopayRulePagesDeps, context: DeedContext, body: Body, of: Writing): Promise<void> {
  const { organisationId, basedOn, what, action, page, show } = of
  const returned = { form: typedOf(body), organisationId, reason: keptReason(body), basedOn }
  const read = await readPeople(deps.db, body)
  const fault = read.ok ? faultOf(deps, payloadOf(body, organisationId, read), context) : peopleFault(read, context)
  if (fault !== null || !read.ok) return show({ ...returned, fault })
  await answerDeed(context, deps.approvals, {
    section: 'autopay',
    what,
    action,
    fields: { ...typedOf(body), ...of.fields },
    back: organisationPath(organisationId),
    deed: deps.deeds.organisations.change,
    payload: { ...payloadOf(body, organisationId, read), basedOn },
    edit: () => show({ ...returned, fault: null }),
    autopay: await brakeOf(deps, context, page),
  }).catch((error: unknown) => show({ ...returned, fault: refusedField(error, context) }))
}

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
    input: { params: PARAMS, body: CHANGED },
    handle: async (context) => {
      const { body, params } = context.input
      const organisation = await requireOrganisation(deps.db, context.staff, params.id)
      const path = organisationPath(organisation.id)
      await write(deps, context, body, {
        organisationId: organisation.id,
        what: context.t('autopay.organisation.what.change', { name: body.name }),
        action: `${path}/change`,
        basedOn: body.basedOn,
        fields: { basedOn: body.basedOn },
        page: path,
        show: (returned) => showCard(deps, context, { organisation, returned }),
      })
    },
  })

const ADDRESSES = z.object({
  contacts: z.string().max(3_000),
  reason: DEED_FIELDS.reason,
  key: DEED_FIELDS.key,
  basedOn: z.string().max(64).optional(),
})

const setAddresses = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${ORGANISATIONS}/:id/contacts`,
    policy: staffWith('organisations.change'),
    summary: 'Sets the addresses to which letters about an organisation go.',
    input: { params: PARAMS, body: ADDRESSES },
    handle: async (context) => {
      const { body, params } = context.input
      const { contacts: typed, ...form } = body
      const contacts = typed.split(/[\s,;]+/).filter((address) => address !== '')
      const order = { ...form, organisationId: params.id, contacts, author: context.staff }
      const fault = await setContacts(deps, order).then(() => undefined, ofTheAddresses)
      if (!fault) {
        context.redirect(`${organisationPath(params.id)}?done=done`)
        return
      }
      // As it stands by now: what was typed is sent again on top of that.
      const organisation = await requireOrganisation(deps.db, context.staff, params.id)
      await showCard(deps, context, { organisation, contacts: { typed, reason: body.reason, fault } })
    },
  })

const OVERTAKEN: readonly string[] = ['organisation_changed', 'key_reused']

/** A refusal that another entry in the form mends, or another look at the addresses. */
function ofTheAddresses(error: unknown): Refusal {
  if (error instanceof Refusal && (error.detail === 'contacts' || OVERTAKEN.includes(error.code))) return error
  throw error
}

function contactsFault({ code }: Refusal, { contacts }: Organisation, { t }: Pick<Context, 't'>): string {
  if (!OVERTAKEN.includes(code)) return t('autopay.organisation.bad.contacts')
  return contacts.length === 0
    ? t('autopay.organisation.contacts_gone')
    : t('autopay.organisation.contacts_others', { now: contacts.join(', ') })
}
