import type { Context } from 'aws-lambda'
import { answerInTime, OutOfTime, timeLeft } from '#shared/adapters/lambda/answer-in-time.ts'
import {
  allFailed,
  type BatchResponse,
  failuresOf,
  type KafkaTriggerEvent,
  kafkaTrigger,
  recordsOf,
} from '#shared/adapters/lambda/msk-event.ts'
import { s3Archive } from '#shared/adapters/s3/s3-archive.ts'
import { type ArchiveDeps, archiveRecords } from '#shared/pipeline/archive/archive-records.ts'
import type { RecordSecrets } from '#shared/pipeline/record-secrets.ts'
import { type Measured, NO_TELEMETRY } from '#shared/pipeline/telemetry/telemetry.ts'
import { catalogOf, claimStore, decoderOf, openTables, recordSecrets, telemetryOf } from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

type ArchiveFunctionDeps = ArchiveDeps & Measured & { readonly secrets: Pick<RecordSecrets, 'meet'> }

/** Time kept back from the function's own limit to report what is not done, in milliseconds. */
const RESERVE_MS = 5000

export function composeArchive(env: Environment, tables = openTables(env)): ArchiveFunctionDeps {
  return {
    telemetry: telemetryOf(env, 'archive'),
    archive: s3Archive({ aws: env.aws, bucket: env.archiveBucket }),
    claims: claimStore(tables),
    decode: decoderOf(catalogOf(env), env),
    secrets: recordSecrets(env),
  }
}

/**
 * The trigger with consumer groups of its own that writes the log to S3 (docs/archive.md). What is not there in time comes
 * again. A stage has it with the parameter `archive` alone; the local stack has none.
 */
export function createArchive({ secrets, telemetry = NO_TELEMETRY, ...deps }: ArchiveFunctionDeps) {
  const handle = async (event: KafkaTriggerEvent, context: Context): Promise<BatchResponse> => {
    const records = recordsOf(event)
    await secrets.meet(records)
    const failed = await archiveRecords(records, timeLeft(context, RESERVE_MS), deps)
    telemetry.metrics.count('partitions_failed', failed.length)
    return failuresOf(failed)
  }
  return answerInTime(handle, { late: (event) => allFailed(event, new OutOfTime()), telemetry })
}

const env = readEnvironment(process.env)
export const handler = kafkaTrigger(createArchive(composeArchive(env)), env)
