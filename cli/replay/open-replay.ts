import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from '#shared/adapters/dynamodb/dynamo-dead-letter-store.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoClient } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { dynamoViewStore } from '#shared/adapters/dynamodb/dynamo-view-store.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import { messageOf } from '#shared/core/message-of.ts'
import { DEFAULT_RETENTION, parseRetention, type Retention } from '#shared/core/retention.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { deployedRetention } from '#shared/pipeline/deployed-retention.ts'
import { type JudgeRecord, recordJudge } from '#shared/pipeline/signed-record.ts'
import { type FoldDeps, foldBatch } from '#shared/pipeline/views/fold.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import type { CliContext } from '../lib/cli-context.ts'
import { CliError } from '../lib/cli-error.ts'
import type { ReplayDeps } from './replay-views.ts'

/** That of the local stack (localstack/boot-stack.ts). */
const LOCAL_RECORD_SECRET = 'local-record-secret'

export type ReplayPlace = { readonly brokers: string; readonly dynamodb: string; readonly stage: string }

/** Returns what a replay needs, connected to Kafka and the tables of a stage (serverless.yml, `custom.tables`). */
export function openReplay({ brokers, dynamodb, stage }: ReplayPlace, env: CliContext['env']): ReplayDeps {
  const client = dynamoClient(dynamodb === 'aws' ? {} : { endpoint: dynamodb, isLocal: true })
  const table = (name: string) => `tidewire-${stage}-${name}`
  // The same setting as when the events came, so that a replay refuses the same ones.
  const catalog = createCatalog(domains, {
    unknownTypes: env.UNKNOWN_TYPES === 'refuse' ? 'refuse' : 'accept',
  })
  const retention = readRetention(env)
  const store = dynamoEventStore(client, { table: table('log'), retention })
  const viewStore = dynamoViewStore(client, { table: table('views'), retention })
  const deps: FoldDeps = {
    store,
    viewStore,
    catalog,
    decode: recordDecoder(catalog, readJudge(stage, env)),
    views: viewsOf(domains),
    claims: dynamoClaimStore(client, { table: table('claims'), retention }),
    deadLetters: dynamoDeadLetterStore(client, {
      table: table('dead-letters'),
      retention,
    }),
    kafka: { append: () => Promise.reject(new Error('a rebuild emits nothing')) },
  }
  return {
    store,
    viewStore,
    catalog,
    domains,
    reader: kafkaLogReader({ brokers: brokers.split(','), clientId: 'tidewire-replay' }),
    fold: async (records) => void (await foldBatch(records, deps, { isRebuilder: true })),
    groupOf: (topic) => `tidewire-fold-${topic}`,
  }
}

/** The secrets of the stack: those of the local one, unless the environment has others. Throws CliError. */
function readJudge(
  stage: string,
  { RECORD_SECRETS, RECORDS_SIGNED_SINCE, TIDEWIRE_DATA }: CliContext['env'],
): JudgeRecord {
  if (!RECORD_SECRETS && stage !== 'local')
    throw new CliError(
      `RECORD_SECRETS must be those of the stage ${stage}: without them its records are nobody's`,
    )
  const secrets = (RECORD_SECRETS || LOCAL_RECORD_SECRET).split(',')
  const since = RECORDS_SIGNED_SINCE ?? (stage === 'local' ? localSignedSince(TIDEWIRE_DATA) : '')
  const sinceMs = since === '' ? 0 : Date.parse(since)
  if (!Number.isNaN(sinceMs)) return recordJudge(secrets, sinceMs)
  throw new CliError('RECORDS_SIGNED_SINCE is not a time such as 2026-11-27T08:00:00Z')
}

/** What the local stack noted in its data folder (localstack/read-signed-since.ts); '' if there is nothing. */
function localSignedSince(dataDir = '.tidewire'): string {
  const file = join(dataDir, 'signed-since')
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : ''
}

/** The setting of the stack. Throws CliError if it cannot be that of any. */
function readRetention(env: CliContext['env']): Retention {
  try {
    return deployedRetention(parseRetention(env.RETENTION ?? DEFAULT_RETENTION), domains)
  } catch (cause) {
    throw new CliError(`RETENTION: ${messageOf(cause)}`, { cause })
  }
}
