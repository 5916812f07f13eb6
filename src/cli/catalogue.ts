import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import type { Submitted } from '../approvals'
import { codeImports, countCodes, EMPTY, forgetGuest, isOnSale, listShops, loadCodes, readOffers } from '../storefront'
import type { CodeImport, ImportOutcome, Offer, Shop, StockCounts } from '../storefront'
import { iso } from '../shared/database'
import { looksLikeId, newId } from '../shared/ids'
import { toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { KEY } from './member-deed'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

interface ActOptions extends AuthorOptions, Json {
  reason: string
}

/** What is sold and where points can be spent. Offers are changed on their pages, where one sees them. Codes and the addresses of guests are known by the secret that `serve` has. */
export function addCatalogueCommands(program: Command, config: ConfigFor): void {
  const catalogue = program.command('catalogue').description('what is sold: offers, and the codes of vouchers')
  catalogue
    .command('list', { isDefault: true })
    .description('list every offer in the order of the catalogue, on sale or not')
    .option('--json')
    .action((options: Json) =>
      withParts(config(), async ({ db, clock }) => {
        const offers = await readOffers(db)
        const stock = await countCodes(
          db,
          offers.map(({ id }) => id),
        )
        answer(
          offers.map((offer) => shownOffer(offer, stock.get(offer.id) ?? EMPTY, clock.now())),
          options,
        )
      }),
    )
  named(catalogue.command('import-codes <offer> <file>'))
    .description('put codes of vouchers into the stock of an offer: a code a line, of a CSV line its first cell; known ones are left out')
    .action((offer: string, file: string, options: ActOptions) =>
      withParts(config('serve'), async (parts) => {
        const [offerId, text, author] = [knownOffer(offer), await readFile(file, 'utf8'), await authorOf(parts, options)]
        const submitted = await loadCodes(parts, { offerId, text, author, reason: options.reason })
        if (submitted.state === 'done') tell(submitted.result, options)
        else tellWaiting(submitted, options)
      }),
    )
  addWithdrawal(catalogue, config)
  program
    .command('shops')
    .description('the shops that accept the programme')
    .command('list', { isDefault: true })
    .description('list them in the order of the page, shown or not')
    .option('--json')
    .action((options: Json) => withParts(config(), async ({ db }) => answer((await listShops(db)).map(shownShop), options)))
  named(program.command('guests').description('those who buy without an account').command('forget <email>'))
    .description('remove the e-mail address of a guest; the orders stay')
    .action((email: string, options: ActOptions) =>
      withParts(config('serve'), async (parts) =>
        answer(await forgetGuest(parts, { email, author: await authorOf(parts, options), reason: options.reason }), options),
      ),
    )
}

function addWithdrawal(catalogue: Command, config: ConfigFor): void {
  catalogue
    .command('imports <offer>')
    .description('list the imports of an offer of which codes are free or set aside, the newest first')
    .option('--json')
    .action((offer: string, options: Json) =>
      withParts(config(), async ({ db }) => answer((await codeImports(db, knownOffer(offer))).map(shownImport), options)),
    )
  named(catalogue.command('withdraw-codes <offer>'))
    .description('take free codes out of the stock of an offer for good; those set aside for orders stay theirs while these may be paid')
    .option('--import <moment>', 'only those of one import, by its moment as `catalogue imports` tells it; else whatever is free')
    .option(...KEY)
    .action((offer: string, options: WithdrawOptions) => withParts(config(), (parts) => withdraw(parts, knownOffer(offer), options)))
}

/** @throws Refusal not_found */
function knownOffer(text: string): string {
  if (!looksLikeId(text)) throw new Refusal('not_found', 'offer')
  return text.toLowerCase()
}

interface WithdrawOptions extends ActOptions {
  readonly import?: string
  readonly key?: string
}

async function withdraw(parts: Parts, offerId: string, options: WithdrawOptions): Promise<void> {
  const payload = { offerId, importedAt: options.import ?? null }
  const order = { payload, author: await authorOf(parts, options), reason: options.reason, key: options.key ?? newId() }
  const submitted = await parts.approvals.submit(parts.deeds.offers.withdraw, order)
  if (tellIfWaiting(submitted, options)) return
  if (submitted.state === 'done') answer(submitted.result, options)
}

const shownImport = ({ importedAt, importedBy, free, reserved }: CodeImport): object => ({
  importedAt: iso(importedAt),
  importedBy,
  free,
  reserved,
})

/** Nothing is added when a line is odd, so the command failed. */
function tell(outcome: ImportOutcome, options: Json): void {
  answer(outcome, options)
  if (outcome.oddLines.length > 0) process.exitCode = 1
}

/** The codes stand in no request. On standard error it does not spoil the JSON. */
function tellWaiting(submitted: Submitted<unknown>, options: Json): void {
  tellIfWaiting(submitted, options)
  process.stderr.write('Nothing was imported: one person has set the price. Import the file again when somebody has agreed to it.\n')
}

const shownOffer = (offer: Offer, codes: StockCounts, now: Date): object => ({
  id: offer.id,
  type: offer.type,
  title: offer.title.ru,
  price: offer.price && toDecimal(offer.price.minor),
  onSale: isOnSale(offer, now),
  free: offer.type === 'voucher' ? codes.free : null,
  reserved: offer.type === 'voucher' ? codes.reserved : null,
  sold: offer.type === 'voucher' ? codes.sold : null,
  withdrawn: offer.type === 'voucher' ? codes.withdrawn : null,
  position: offer.position,
  activeFrom: offer.activeFrom && iso(offer.activeFrom),
  activeUntil: offer.activeUntil && iso(offer.activeUntil),
})

const shownShop = ({ id, title, address, link, isShown, position, marketplace }: Shop): object => ({
  id,
  title: title.ru,
  address,
  link,
  shown: isShown,
  position,
  marketplace: marketplace.state,
})

const named = (command: Command): Command =>
  command
    .option('--reason <text>', 'why, for the audit log', 'asked for at the command line')
    .option('--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor')
    .option('--json')
