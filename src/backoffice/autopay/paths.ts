/** Where the pages of automatic payment stand. */
export const AUTOPAY = '/admin/autopay'
export const RULES = `${AUTOPAY}/rules`
export const ORGANISATIONS = `${AUTOPAY}/organisations`

export const rulePath = (id: string): string => `${RULES}/${id}`
export const organisationPath = (id: string): string => `${ORGANISATIONS}/${id}`
