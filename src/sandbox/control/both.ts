/** A single thing is answered both in the envelope of the API and plainly, so that `curl … | jq .balance` works as it reads in the table. */
export const both = <T extends object>(value: T): T & { data: T } => ({ ...value, data: value })
