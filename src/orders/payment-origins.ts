import type { OrderDeps } from './order'

/** Where a browser may be sent that has filled in our form: Invoicebox's payment page as the settings know it, and as it was named last. */
export async function paymentOrigins({ db, topUps }: Pick<OrderDeps, 'db' | 'topUps'>): Promise<string[]> {
  const newest: { payment_url: string } | undefined = await db('orders')
    .whereNotNull('payment_url')
    .orderBy('id', 'desc')
    .first('payment_url')
  return [...new Set([topUps.payHost, ...(newest ? [new URL(newest.payment_url).origin] : [])])]
}
