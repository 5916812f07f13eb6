/** The chart of accounts: points run program or sold → member → redeemed, roubles bank → fund → paid. */
export const ACCOUNTS = {
  program: 'program',
  redeemed: 'redeemed',
  /** Where points come from that members have bought: its balance, the other way round, is what was sold and not given back. */
  sold: 'sold',
  expired: 'expired',
  adjusted: 'adjusted',
  bank: 'bank',
  fund: 'fund',
  paid: 'paid',
  suspense: 'suspense',
} as const

/** A member's points, under an opaque id: the ledger knows no person. */
export const memberAccount = (memberId: string): string => `member:${memberId}`
