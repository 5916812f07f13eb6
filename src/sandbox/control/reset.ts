import { z } from 'zod'
import { seedInvoices } from '../state/seeds'
import { startAfresh } from '../state/world'
import type { World } from '../state/world'
import { flagField, readBody } from './read'

const resetSchema = z.strictObject({ seed: flagField.optional() })

/** `POST /_sandbox/reset`: everything back to the start; `{"seed": false}` leaves out the seeded invoices. */
export function resetWorld(world: World, body: unknown): void {
  const { seed = true } = readBody(resetSchema, body)
  startAfresh(world)
  if (seed) seedInvoices(world)
}
