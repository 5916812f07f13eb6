import type { Request, Router } from 'express'
import express from 'express'
import { moveClock } from '../control/clock'
import { plantFault, removeFault } from '../control/faults'
import { setFund } from '../control/fund'
import { addInvoice, cancelInvoice, changeInvoice, findInvoice } from '../control/invoices'
import { resetWorld } from '../control/reset'
import { changeSettings } from '../control/settings'
import { decodeJson } from '../http/json'
import { ApiRefusal } from '../http/refusal'
import { toAtom } from '../state/clock'
import type { Invoice } from '../state/invoices'
import type { World } from '../state/world'
import { addMerchantForms } from './console-merchant-forms'
import { fieldOf, filled, numbers, stated, typedAmount } from './fields'
import { goTo } from './page'

function newInvoice(world: World, req: Request): Invoice {
  const { amount, hours, foreign, ...rest } = filled(req, [
    'amount',
    'hours',
    'foreign',
    'description',
    'currencyId',
    'number',
    'status',
    'amountRaw',
  ])
  return addInvoice(world, {
    ...rest,
    ...(amount === undefined ? {} : { amount: typedAmount(amount) }),
    ...(hours === undefined ? {} : { expirationDate: hoursFromNow(world, hours) }),
    ...(foreign === undefined ? {} : { foreign: true }),
  })
}

/** @throws ApiRefusal 422 for anything but a whole number of hours within ten years */
function hoursFromNow(world: World, text: string): string {
  const hours = /^-?\d{1,5}$/.test(text) ? Number(text) : NaN
  if (Math.abs(hours) <= 87_600) return toAtom(new Date(world.clock.now().getTime() + hours * 3_600_000))
  throw new ApiRefusal(422, 'validation', 'The deadline is a whole number of hours, at most ten years.')
}

type Cheat = (world: World, invoice: Invoice, req: Request) => void

/** The cheat panel of the payment page. */
const CHEATS: ReadonlyMap<string, Cheat> = new Map<string, Cheat>([
  ['amount', (world, invoice, req) => changeInvoice(world, invoice, { amount: typedAmount(fieldOf(req, 'amount')) })],
  ['cancel', (world, invoice) => cancelInvoice(world, invoice)],
  ['expire', (world, invoice) => changeInvoice(world, invoice, { expirationDate: toAtom(new Date(world.clock.now().getTime() - 1_000)) })],
  ['partial', (world, invoice) => changeInvoice(world, invoice, { status: 'partial' })],
  ['pay', (world, invoice) => changeInvoice(world, invoice, { status: 'paid' })],
  [
    'reopen',
    (world, invoice) =>
      changeInvoice(world, invoice, { status: 'pending', expirationDate: toAtom(new Date(world.clock.now().getTime() + 172_800_000)) }),
  ],
  ['fault', (world, invoice, req) => void plantFault(world, nextFault(invoice, fieldOf(req, 'kind')))],
])

/** `change-amount` is about reading; everything else about the confirm. */
const nextFault = (invoice: Invoice, kind: string) => ({
  on: kind === 'change-amount' ? 'business.get' : 'business.confirm',
  kind,
  times: 1,
  invoiceId: invoice.id,
})

function addInvoiceForms(forms: Router, world: World): void {
  forms.post('/invoices', (req, res) => goTo(req, res, `/order/${encodeURIComponent(newInvoice(world, req).id)}`))
  forms.post('/invoices/:id', (req, res) => {
    const invoice = findInvoice(world, req.params.id)
    const cheat = CHEATS.get(fieldOf(req, 'action'))
    if (!cheat) throw new ApiRefusal(422, 'validation', `action must be one of: ${[...CHEATS.keys()].join(', ')}.`)
    cheat(world, invoice, req)
    goTo(req, res, `/order/${encodeURIComponent(invoice.id)}`)
  })
}

function addFaultForms(forms: Router, world: World): void {
  forms.post('/faults', (req, res) => {
    const wish = { ...filled(req, ['on', 'kind', 'invoiceId', 'retryAfter']), ...numbers(filled(req, ['times', 'ms', 'status'])) }
    const after = fieldOf(req, 'after')
    plantFault(world, after === '' ? wish : { ...wish, after: after === 'yes' })
    goTo(req, res, '/_sandbox/console/faults')
  })
  forms.post('/faults/delete', (req, res) => {
    const id = fieldOf(req, 'id')
    if (id === '') world.faults.length = 0
    else removeFault(world, id)
    goTo(req, res, '/_sandbox/console/faults')
  })
}

/** A browser's moment field gives `2026-03-05T09:30`, meant as UTC here. */
const clockWish = (req: Request) => ({ ...filled(req, ['now']), ...numbers(filled(req, ['advanceSeconds', 'offsetSeconds'])) })

function addStateForms(forms: Router, world: World): void {
  forms.post('/clock', (req, res) => {
    moveClock(world, clockWish(req))
    goTo(req, res, '/_sandbox/console/clock')
  })
  forms.post('/fund', (req, res) => {
    const { currencyId, ...amounts } = filled(req, ['currencyId', 'balance', 'overdraft'])
    const typed = Object.fromEntries(Object.entries(amounts).map(([name, value]) => [name, typedAmount(value)]))
    setFund(world, { ...typed, ...(currencyId === undefined ? {} : { currencyId }) })
    goTo(req, res, '/_sandbox/console/fund')
  })
  forms.post('/reset', (req, res) => {
    resetWorld(world, { seed: fieldOf(req, 'seed') !== 'no' })
    goTo(req, res, '/_sandbox/')
  })
}

const NOTIFICATION_FIELDS = [
  'notificationKey',
  'notificationAlgorithm',
  'notificationUrl',
  'notificationDelay',
  'notificationTimeoutMs',
  'refundAfterMs',
]

/** A list as JSON; any other text stays, for the schema to take or to refuse with its sentence. */
const listOrText = (text: string): unknown => (text.startsWith('[') ? (decodeJson(Buffer.from(text))?.value ?? text) : text)

/** The whole form is saved at once, so a box that is absent was unticked. */
function settingsWish(world: World, req: Request): Record<string, unknown> {
  const { rateLimit, queryNames, paidDelaySeconds, notificationDelay, notificationTimeoutMs, refundAfterMs, minapps, ...texts } = filled(
    req,
    [
      'rateLimit',
      'paidDelaySeconds',
      'queryNames',
      'signatureKey',
      'partnerAuthUrl',
      'returnLinks',
      'rateLimiter',
      'minapps',
      'minappReturn',
      ...NOTIFICATION_FIELDS,
    ],
  )
  const counts = stated({ paidDelaySeconds, notificationDelay, notificationTimeoutMs, refundAfterMs })
  const flags = Object.entries(world.settings).filter(([, value]) => typeof value === 'boolean')
  const [invoiceId, successUrl, failUrl, returnUrl] = queryNames?.split(/\s+/) ?? []
  return {
    ...texts,
    ...numbers(counts),
    ...Object.fromEntries(flags.map(([name]) => [name, fieldOf(req, name) === 'on'])),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(minapps === undefined ? {} : { minapps: listOrText(minapps) }),
    ...(queryNames === undefined ? {} : { queryNames: { invoiceId, successUrl, failUrl, returnUrl } }),
  }
}

/** Plain forms that say to the control operations what JSON would. Mounted under `/_sandbox/console`; answered by 303. */
export function consoleForms(world: World): Router {
  const forms = express.Router({ caseSensitive: true })
  forms.use(express.urlencoded({ extended: false, limit: '100kb', parameterLimit: 100 }))
  addInvoiceForms(forms, world)
  addFaultForms(forms, world)
  addStateForms(forms, world)
  addMerchantForms(forms, world)
  forms.post('/settings', (req, res) => {
    changeSettings(world, settingsWish(world, req))
    goTo(req, res, '/_sandbox/console/settings')
  })
  return forms
}
