import type { Context } from 'aws-lambda'
import { answerInTime, OutOfTime } from '#shared/adapters/lambda/answer-in-time.ts'
import type { AcceptDeps } from '#shared/pipeline/accept/accept.ts'
import type { AuditRecord } from '#shared/pipeline/audit/audit.ts'
import { writeAudit } from '#shared/pipeline/audit/write-audit.ts'
import { logError } from '#shared/pipeline/log-error.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { catalogOf, claimStore, kafkaLog, newId, openTables, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { stopAppendsAt } from './lib/stop-at.ts'

type AuditDeps = AcceptDeps & Measured

export function composeAudit(env: Environment) {
  const telemetry = telemetryOf(env, 'audit')
  const catalog = catalogOf(env)
  return {
    telemetry,
    kafka: kafkaLog(env, telemetry, catalog.names),
    claims: claimStore(openTables(env)),
    catalog,
    newId,
  } satisfies AuditDeps
}

/**
 * Called with an audit entry by the functions that do not write to Kafka themselves: writes it to the topic
 * `tidewire-audit`. It fails if Kafka cannot be written, and Lambda then calls it twice again with the same entry, which
 * is written once. The last failure logs the entry, so that it is not lost.
 */
export function createAuditFunction({ telemetry, ...deps }: AuditDeps) {
  const handle = async (record: AuditRecord, _: Context, signal: AbortSignal): Promise<null> => {
    try {
      await writeAudit(record, stopAppendsAt(signal, deps))
    } catch (error) {
      logError('an audit entry could not be written', error, { entry: record })
      throw error
    }
    return null
  }
  return answerInTime(handle, {
    late: () => {
      throw new OutOfTime()
    },
    telemetry,
  })
}

const deps = composeAudit(readEnvironment(process.env))
await deps.kafka.ready
export const handler = createAuditFunction(deps)
