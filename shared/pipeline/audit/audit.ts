import { type AuditEntry, auditedKind } from '#shared/core/audit.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import { redact } from './redact.ts'
import { createSampler } from './sample.ts'

/**
 * Writes down who did what. To record is a part of what a request does, and never a reason for it to fail: what cannot
 * be written is in the log of the function.
 */
export type Audit = {
  /**
   * Resolves when the entry is on its way, or was left out as one of many. Never throws. Await it before the response:
   * a function is frozen afterwards.
   */
  record(entry: AuditEntry): Promise<void>
}

/** An entry as it is sent: with the id of its event, so that it is written once however often it is sent. */
export type AuditRecord = Omit<AuditEntry, 'group'> & {
  readonly id: string
  /** RFC 3339. */
  readonly time: string
  /** How many equal ones were left out since the last one that was written. */
  readonly omitted?: number
}

export type AuditDeps = {
  /** Sends a record to where it is written, and does not wait for that. May throw. */
  readonly send: (record: AuditRecord) => Promise<void>
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly newId: () => string
}

/** Returns an Audit that samples what senders can make many of, and takes out what looks like a secret. */
export function createAudit({ send, now, newId }: AuditDeps): Audit {
  const sample = createSampler(now)
  return {
    async record(entry) {
      const kept = auditedKind(entry.action).isSampled ? sample(entry) : { entry, omitted: 0 }
      if (kept === null) return
      const record = toRecord(kept.entry, kept.omitted)
      try {
        await send(record)
      } catch (error) {
        logError('an audit entry could not be sent', error, { entry: record })
      }
    },
  }

  function toRecord({ group: _, ...entry }: AuditEntry, omitted: number): AuditRecord {
    return {
      id: newId(),
      time: new Date(now()).toISOString(),
      ...redact(entry),
      ...(omitted > 0 && { omitted }),
    }
  }
}
