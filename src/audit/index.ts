/** The room's public face: the audit log read, chained and proved. Rows are written through `shared/audit`. */
export { chainAudit, readHead } from './chain'
export type { Link } from './chain'
export { listAudit } from './read'
export type { AuditFilter, AuditLine } from './read'
export { parseLink, verifyAudit } from './verify'
export type { AuditProof } from './verify'
