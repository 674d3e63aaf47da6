import { kafkaLogInspector } from '#shared/adapters/kafka/kafka-log-inspector.ts'
import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import type { Position } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { viewsSlice } from '#shared/pipeline/replays/rebuild-views.ts'
import { discardSlice, lettersSlice } from '#shared/pipeline/replays/replay-letters.ts'
import type { LogInspector } from '#shared/pipeline/streams/log-inspector.ts'
import { foldBatch } from '#shared/pipeline/views/fold.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import {
  auditTrailInKafka,
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  decoderOf,
  eventStore,
  kafkaAccessOf,
  kafkaLog,
  newId,
  openTables,
  rawKafkaLog,
  recordSecrets,
  replayStore,
  telemetryOf,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { type WorkerDeps, workOnReplays } from './lib/work-on-replays.ts'

export function composeReplayRecords(env: Environment): WorkerDeps {
  const tables = openTables(env)
  const access = kafkaAccessOf(env, 'tidewire-replay')
  const groupPrefix = `tidewire-${env.telemetry.stage}` // as in infra/triggers.ts and infra/access
  const catalog = catalogOf(env)
  const secrets = recordSecrets(env)
  const accepting = { kafka: kafkaLog(env), claims: claimStore(tables), catalog, newId }
  const folding = {
    ...accepting,
    store: eventStore(tables),
    viewStore: viewStore(tables),
    decode: decoderOf(catalog, env),
    views: viewsOf(domains),
    deadLetters: deadLetterStore(tables),
    // A rebuild emits nothing.
    kafka: { append: () => Promise.reject(new Error('a rebuild emits nothing')) },
  }
  const rebuilding = {
    reader: kafkaLogReader(access),
    store: folding.store,
    viewStore: folding.viewStore,
    fold: async (records: Parameters<typeof foldBatch>[0]) => {
      await secrets.meet(records)
      await foldBatch(records, folding, { isRebuilder: true })
    },
    groupOf: (topic: string) => `${groupPrefix}-fold-${topic}`,
    elapsed: clock.elapsed,
  }
  const inspector = kafkaLogInspector(access)
  const letters = {
    replays: replayStore(tables),
    deadLetters: folding.deadLetters,
    kafka: rawKafkaLog(env),
    readRecord: (position: Position) => readRecord(position, inspector),
    secrets,
    catalog,
    now: clock.now,
  }
  return {
    telemetry: telemetryOf(env, 'replay-records'),
    replays: letters.replays,
    kinds: {
      'dead-letters': lettersSlice(letters),
      discard: discardSlice(letters),
      views: viewsSlice(rebuilding),
    },
    audit: auditTrailInKafka(accepting),
    clock,
    newId,
  }
}

/** Returns the record at a position, which may be as large as Kafka takes one; null if it is gone. */
async function readRecord(position: Position, inspector: LogInspector): Promise<KafkaRecord | null> {
  const { records } = await inspector.fetch(position, LARGEST_RECORD)
  return records.find(({ offset }) => offset === position.offset) ?? null
}
const LARGEST_RECORD = 1024 * 1024

/** Works on replays that read or write Kafka: it is in the VPC. */
export const handler = workOnReplays(composeReplayRecords(readEnvironment(process.env)))
