import { z } from 'zod'
import {
  checkFlat,
  faultText,
  fieldAt,
  organisationsOf,
  pageRules,
  readVersions,
  requireOrganisation,
  requireRule,
  RULE_FIELDS,
} from '../../autopay'
import type { Fault, FlatRule, Organisation, RuleField } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { momentText, toldAt } from '../reader'
import { answerDeed, DEED_FIELDS, keptReason } from '../deed-routes'
import type { KeptReason } from '../refused-form'
import { listHref } from '../filters'
import { frameOf } from '../frame'
import { pageOf, PORTION } from '../portion'
import { staffLogins } from '../staff-logins'
import type { AutopayRulePagesDeps } from './deps'
import { partLinks } from './desk'
import { organisationPath, rulePath, RULES } from './paths'
import { presentRules, presentVersions, ruleForm, stateCell } from './present-rules'
import type { RuleForm } from './present-rules'
import { presentSwitch } from './present-switch'
import type { SwitchView } from './present-switch'

const ID = z.string().refine(looksLikeId)
export const RULE_PARAMS = z.object({ id: ID })
const AFTER = ID.optional()
export const DONE = z.object({ done: z.string().optional() })

/** The doors of rules: the list, and the editor of one. */
export const ruleRoutes = (deps: AutopayRulePagesDeps): Route[] => [
  listAll(deps),
  showNew(deps),
  showOne(deps),
  addOne(deps),
  changeOne(deps),
]

const listAll = ({ db, clock, zone }: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: RULES,
    policy: staffWith('autopay.read'),
    summary: 'Lists the rules of automatic payment, the first to apply first.',
    input: { query: DONE.extend({ organisation: z.string().max(36).optional(), after: AFTER }) },
    handle: async (context) => {
      const { staff, input, t } = context
      const [reader, all] = [{ ...context, zone }, await organisationsOf(db, staff)]
      const { organisation: wanted = '' } = input.query
      const named = all.filter(({ id }) => wanted === '' || id === wanted)
      const { after } = input.query
      const ids = named.map(({ id }) => id)
      const { shown, links } = pageOf(await pageRules(db, ids, { after, limit: PORTION + 1 }), {
        path: RULES,
        query: { organisation: wanted },
        after,
      })
      context.page('backoffice/autopay-rules', {
        frame: frameOf(context, 'autopay', input.query.done),
        parts: partLinks(context.t, 'rules'),
        autopay: presentSwitch({ organisations: all, staff, back: RULES }, reader),
        table: { ...presentRules({ rules: shown, organisations: all, now: clock.now() }, reader), ...links },
        organisations: [{ value: '', text: t('autopay.rules.all_organisations') }, ...choicesOf(all)],
        wanted,
        newHref: may(staff, 'autopay.rules') && all.length > 0 ? listHref(`${RULES}/new`, { organisation: wanted }) : null,
      })
    },
  })

const choicesOf = (organisations: readonly Organisation[]): { value: string; text: string }[] =>
  organisations.map(({ id, name }) => ({ value: id, text: name }))

const showNew = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RULES}/new`,
    policy: staffWith('autopay.rules'),
    summary: 'Shows the editor of a rule that is to be added.',
    input: { query: z.object({ organisation: z.string().max(36).optional() }) },
    handle: async (context) => {
      const target = { ruleId: newId(), basedOn: '0', organisationId: context.input.query.organisation ?? '' }
      await showEditor(deps, context, { target, form: ruleForm(undefined) })
    },
  })

type Context = Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor }

interface Editor {
  readonly target: { readonly ruleId: string; readonly basedOn: string; readonly organisationId: string }
  readonly form: RuleForm
  readonly faults?: readonly string[]
  readonly reason?: KeptReason
}

/** The editor of a new rule, or of one whose change was not taken. */
async function showEditor(
  { db, zone }: AutopayRulePagesDeps,
  context: Context,
  { target, form, faults = [], reason }: Editor,
): Promise<void> {
  const all = await organisationsOf(db, context.staff)
  const isNew = target.basedOn === '0'
  context.page(
    'backoffice/autopay-rule-edit',
    {
      frame: frameOf(context, 'autopay'),
      parts: partLinks(context.t, 'rules'),
      autopay: presentSwitch({ organisations: all, staff: context.staff, back: RULES }, { ...context, zone }),
      heading: isNew ? context.t('autopay.rule.new_heading') : context.t('autopay.rule.edit'),
      action: isNew ? RULES : `${rulePath(target.ruleId)}/change`,
      ...target,
      organisations: isNew ? choicesOf(all) : [],
      form,
      faults,
      reason,
    },
    faults.length === 0 ? 200 : 400,
  )
}

const showOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RULES}/:id`,
    policy: staffWith('autopay.read'),
    summary: 'Shows a rule with its versions and its editor.',
    input: { params: RULE_PARAMS, query: DONE },
    handle: async (context) => {
      const { staff, input, t } = context
      const [reader, rule] = [{ ...context, zone: deps.zone }, await requireRule(deps.db, staff, input.params.id)]
      const organisation = await requireOrganisation(deps.db, staff, rule.organisationId)
      const versions = await readVersions(deps.db, rule.id)
      context.page('backoffice/autopay-rule', {
        frame: frameOf(context, 'autopay', input.query.done),
        parts: partLinks(context.t, 'rules'),
        autopay: presentSwitch({ organisations: [organisation], staff, back: rulePath(rule.id), organisationId: organisation.id }, reader),
        heading: t('autopay.rule.heading', { name: rule.body.name }),
        state: stateCell(rule, deps.clock.now(), reader),
        tried: rule.triedAt
          ? toldAt(t('autopay.rule.tried', { at: momentText(rule.triedAt, reader) }), rule.triedAt)
          : { text: t('autopay.rule.untried') },
        isTried: rule.triedAt !== null,
        isOn: rule.isOn,
        organisation: { name: organisation.name, href: organisationPath(organisation.id) },
        ruleId: rule.id,
        basedOn: String(rule.version),
        organisationId: organisation.id,
        form: ruleForm(rule.body),
        versions: presentVersions(versions, await staffLogins(deps.db), reader),
        mayChange: may(staff, 'autopay.rules'),
      })
    },
  })

const FIELDS = Object.fromEntries(RULE_FIELDS.map((field) => [field, z.string().max(250)])) as Record<RuleField, z.ZodString>
const BODY = z.object({ ruleId: z.uuid(), organisationId: z.uuid(), basedOn: z.string().regex(/^\d{1,9}$/), ...FIELDS, ...DEED_FIELDS })
type TypedRule = z.output<typeof BODY>

const addOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: RULES,
    policy: staffWith('autopay.rules'),
    summary: 'Shows a new rule as it would be, then adds it; it is off.',
    input: { body: BODY },
    handle: (context) => write(deps, context, context.input.body, { action: RULES, what: 'autopay.rule.what.add' }),
  })

const changeOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RULES}/:id/change`,
    policy: staffWith('autopay.rules'),
    summary: 'Shows what of a rule would change, then writes its next version; it is off until it was tried and switched on.',
    input: { params: RULE_PARAMS, body: BODY },
    handle: async (context) => {
      const { organisationId } = await requireRule(deps.db, context.staff, context.input.params.id)
      const typed = { ...context.input.body, ruleId: context.input.params.id, organisationId }
      await write(deps, context, typed, { action: `${rulePath(typed.ruleId)}/change`, what: 'autopay.rule.what.change' })
    },
  })

type DeedContext = Parameters<typeof answerDeed>[0]

interface Writing {
  readonly action: string
  readonly what: 'autopay.rule.what.add' | 'autopay.rule.what.change'
}

/** A rule that is wrong comes back with everything that is wrong with it; a right one goes the way of every deed. */
async function write(deps: AutopayRulePagesDeps, context: DeedContext, typed: TypedRule, { action, what }: Writing): Promise<void> {
  const { ruleId, organisationId, basedOn } = typed
  await requireOrganisation(deps.db, context.staff, organisationId)
  const flat = Object.fromEntries(RULE_FIELDS.map((field) => [field, typed[field].trim() === '' ? null : typed[field].trim()])) as FlatRule
  const checked = checkFlat(flat)
  const [target, reason] = [{ ruleId, organisationId, basedOn }, keptReason(typed)]
  if (!checked.ok) return showEditor(deps, context, { target, ...wrong(typed, checked.faults, context), reason })
  const fields = { ...target, ...Object.fromEntries(RULE_FIELDS.map((field) => [field, typed[field]])) }
  await answerDeed(context, deps.approvals, {
    section: 'autopay',
    deed: deps.deeds.rules.change,
    payload: { ...target, ...flat, enabled: false },
    what: context.t(what, { name: checked.value.name }),
    action,
    fields,
    back: rulePath(ruleId),
    edit: () => showEditor(deps, context, { target, form: wrong(typed, [], context).form, reason }),
    autopay: await brakeOf(deps, context, basedOn === '0' ? RULES : rulePath(ruleId)),
  })
}

/** The switch of what the reader sees, for a step that stands under no address of its own. */
export async function brakeOf({ db, zone }: AutopayRulePagesDeps, context: Context, back: string): Promise<SwitchView> {
  return presentSwitch({ organisations: await organisationsOf(db, context.staff), staff: context.staff, back }, { ...context, zone })
}

function wrong(typed: TypedRule, faults: readonly Fault[], { t }: DeedContext): { form: RuleForm; faults: string[] } {
  const bad = Object.fromEntries(faults.map((fault) => [fieldAt(fault.place), faultText(fault, t)]))
  const values = Object.fromEntries(RULE_FIELDS.map((field) => [field, typed[field]])) as RuleForm['values']
  return { form: { values, bad }, faults: faults.map((fault) => `${t(`fact.${fieldAt(fault.place)}`)}: ${faultText(fault, t)}`) }
}
