import { randomInt } from 'node:crypto'

/** Signs that nobody takes for another one. */
const SIGNS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const LENGTH = 8

/** A new order's number, such as `TU-7K3M-9QXD`: short enough to be read out, and not to be guessed from the one before. */
export function newOrderNumber(): string {
  const signs = Array.from({ length: LENGTH }, () => SIGNS[randomInt(SIGNS.length)]).join('')
  return `TU-${signs.slice(0, 4)}-${signs.slice(4)}`
}

/** Whether it may be the number of an order. */
export const looksLikeNumber = (text: string): boolean => /^TU-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}$/.test(text)

/** All that looks like numbers of orders in a text. */
export const numbersIn = (text: string): string[] => text.match(/TU-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}/g) ?? []

/** The number of a refund: that of its order, and which one it is. */
export const refundNumber = (orderNumber: string, count: number): string => `${orderNumber}-R${String(count)}`

/** The number of the correction order that keeps a refund's fee. */
export const correctionNumber = (refund: string): string => `${refund}-F`
