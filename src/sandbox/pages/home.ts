import type { Request, RequestHandler } from 'express'
import { MAIN_CURRENCY } from '../state/fund'
import { MAGIC_AMOUNTS } from '../state/magic'
import { toDecimal } from '../state/money'
import type { World } from '../state/world'
import { pageOf, render } from './page'
import type { Page } from './page'
import { invoiceRow, moneyText, newestInvoices } from './present'

const SHOWN = 40

const magicRows = ({ lang }: Page) =>
  MAGIC_AMOUNTS.map((magic) => ({
    amount: moneyText(magic.amount, MAIN_CURRENCY, lang),
    value: toDecimal(magic.amount),
    behaviour: magic[lang],
  }))

function homeModel(world: World, req: Request) {
  const page = pageOf(req)
  const fund = world.funds.get(MAIN_CURRENCY)
  return {
    api: [`${world.url}/v3/`, `${world.url}/l3/`],
    token: world.partner.token,
    partnerAuthUrl: world.settings.partnerAuthUrl,
    fund: fund ? moneyText(fund.balance, MAIN_CURRENCY, page.lang) : '',
    invoices: newestInvoices(world, 0, SHOWN).map((invoice) => invoiceRow(world, invoice, page)),
    magic: magicRows(page),
    isMagicOn: world.settings.magicAmounts,
  }
}

/** `/`: what this is, a form for an invoice, the invoices, the magic amounts. */
export const showHome =
  (world: World): RequestHandler =>
  (req, res) =>
    render(req, res, 'home', homeModel(world, req))
