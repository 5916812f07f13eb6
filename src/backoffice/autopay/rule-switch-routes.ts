import { z } from 'zod'
import { noteTried, organisationsOf, removeRule, requireRule, switchRule, tryRule } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { may } from '../../shared/permissions'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import type { AutopayRulePagesDeps } from './deps'
import { partLinks } from './desk'
import { rulePath, RULES } from './paths'
import { stateCell } from './present-rules'
import { presentSwitch } from './present-switch'
import { presentTry } from './present-try'
import { brakeOf, DONE, RULE_PARAMS } from './rule-routes'

/** The doors that try a rule, switch it on and off, and take it away. */
export const ruleSwitchRoutes = (deps: AutopayRulePagesDeps): Route[] => [
  showTry(deps),
  tryOne(deps),
  switchOn(deps),
  switchOff(deps),
  remove(deps),
]

const showTry = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RULES}/:id/try`,
    policy: staffWith('autopay.read'),
    summary: 'Shows what a rule would have done over the last 30 days.',
    input: { params: RULE_PARAMS, query: DONE },
    handle: async (context) => {
      const { staff, input, t } = context
      const [reader, rule] = [{ ...context, zone: deps.zone }, await requireRule(deps.db, staff, input.params.id)]
      const organisations = (await organisationsOf(deps.db, staff)).filter(({ id }) => id === rule.organisationId)
      context.page('backoffice/autopay-try', {
        frame: frameOf(context, 'autopay', input.query.done),
        parts: partLinks(context.t, 'rules'),
        autopay: presentSwitch({ organisations, staff, back: `${rulePath(rule.id)}/try`, organisationId: rule.organisationId }, reader),
        heading: t('autopay.try.heading', { name: rule.body.name }),
        ruleId: rule.id,
        rule: rulePath(rule.id),
        version: String(rule.version),
        state: stateCell(rule, deps.clock.now(), reader),
        result: presentTry(await tryRule(deps, rule, staff), reader),
        maySwitchOn: !rule.isOn && rule.triedAt !== null && may(staff, 'autopay.rules'),
      })
    },
  })

const tryOne = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RULES}/:id/try`,
    policy: staffWith('autopay.rules'),
    summary: 'Tries a rule on the invoices of the last 30 days, which lets it be switched on.',
    input: { params: RULE_PARAMS, body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await noteTried(deps, input.params.id, staff)
      redirect(`${rulePath(input.params.id)}/try`)
    },
  })

const switchOn = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RULES}/:id/on`,
    policy: staffWith('autopay.rules'),
    summary: 'Shows what a rule would let out, then switches it on or asks a second person.',
    input: { params: RULE_PARAMS, body: z.object({ version: z.string().regex(/^[1-9]\d{0,8}$/), ...DEED_FIELDS }) },
    handle: async (context) => {
      const { params, body } = context.input
      const rule = await requireRule(deps.db, context.staff, params.id)
      const { version } = body
      const what = context.t('autopay.rule.what.switch_on', { name: rule.body.name, version })
      const path = rulePath(rule.id)
      const form = {
        section: 'autopay',
        payload: { ruleId: rule.id, version },
        what,
        action: `${path}/on`,
        fields: { version },
        back: path,
      } as const
      const autopay = await brakeOf(deps, context, path)
      await answerDeed(context, deps.approvals, { ...form, autopay, deed: deps.deeds.rules.switchOn })
    },
  })

const switchOff = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RULES}/:id/off`,
    policy: staffWith('autopay.rules'),
    summary: 'Switches a rule off at once.',
    input: { params: RULE_PARAMS, body: z.object({}) },
    handle: async ({ input, staff, redirect, t }) => {
      await switchRule(deps, { ruleId: input.params.id, isOn: false }, { author: staff, reason: t('autopay.rule.off_reason') })
      redirect(`${rulePath(input.params.id)}?done=done`)
    },
  })

const remove = (deps: AutopayRulePagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RULES}/:id/remove`,
    policy: staffWith('autopay.rules'),
    summary: 'Takes a rule away; its versions stay.',
    input: { params: RULE_PARAMS, body: z.object({ reason: DEED_FIELDS.reason }) },
    handle: async ({ input, staff, redirect }) => {
      await removeRule(deps, input.params.id, { author: staff, reason: input.body.reason })
      redirect(`${RULES}?done=done`)
    },
  })
