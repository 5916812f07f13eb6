import type { DifferenceDeeds, ReconciliationDeps } from '../../reconciliation'

/** What the pages about reconciliation work with. */
export interface ReconciliationPagesDeps extends ReconciliationDeps {
  readonly deeds: { readonly differences: DifferenceDeeds }
  readonly zone: string
}
