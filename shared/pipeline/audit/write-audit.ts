import { auditedKind, auditType } from '#shared/core/audit.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { type AcceptDeps, accept } from '#shared/pipeline/accept/accept.ts'
import type { AuditRecord } from './audit.ts'

const SOURCE = 'urn:tidewire:audit'
const SEVERITY = { done: 'info', refused: 'low' } as const

/**
 * Writes an entry to the audit topic, once however often it is called for the same record. With `isNew` it is called
 * once only, and that needs no claim. Throws Refusal `unavailable` if Kafka cannot be written.
 */
export async function writeAudit(
  record: AuditRecord,
  deps: AcceptDeps,
  { isNew = false }: { readonly isNew?: boolean } = {},
): Promise<void> {
  await accept([auditEvent(record)], new Set(isNew ? [record.id] : []), deps)
}

/** The event of an entry. Its subject and its partition are those of who acted, so that these are in order. */
export function auditEvent({ id, time, caller, ...entry }: AuditRecord): CloudEvent {
  const { outcome } = auditedKind(entry.action)
  const { trace, ...from } = caller
  const who = entry.principal?.name ?? from.address ?? 'unknown'
  return {
    specversion: '1.0',
    id,
    source: SOURCE,
    type: auditType(entry.action),
    category: auditType(entry.action),
    severity: SEVERITY[outcome],
    subject: who,
    partitionkey: who,
    time,
    ...(trace && { traceparent: trace }),
    datacontenttype: 'application/json',
    data: { ...entry, ...from, outcome },
  }
}
