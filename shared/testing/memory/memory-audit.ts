import type { AuditEntry } from '#shared/core/audit.ts'
import type { Audit } from '#shared/pipeline/audit/audit.ts'

/** An Audit that keeps every entry, for tests. */
export function memoryAudit(): Audit & { readonly entries: readonly AuditEntry[] } {
  const entries: AuditEntry[] = []
  return { entries, record: async (entry) => void entries.push(entry) }
}
