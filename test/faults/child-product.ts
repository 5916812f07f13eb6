import { join } from 'node:path'
import { buildProduct } from '../support/built-product'

/** Compiles the product with the child program of the harness. Returns the path of the child program. */
export function buildArena(folder: string): string {
  buildProduct(folder, ['test/faults/child.ts', 'test/faults/orders.ts'])
  return join(folder, 'test', 'faults', 'child.js')
}
