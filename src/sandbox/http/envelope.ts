import type { World } from '../state/world'
import type { Json } from './json'

/** A yes of the API: `data` in its envelope. */
export const envelope = (world: World, data: Json, more: Readonly<Record<string, Json>> = {}): Json => ({
  data,
  ...more,
  extendedData: [],
  ...(world.settings.unknownFields ? { debug: { node: 'sandbox' } } : {}),
})
