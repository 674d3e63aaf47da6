import { kafkaLogReader } from '#shared/adapters/kafka/kafka-log-reader.ts'
import { domains } from '#shared/domain/catalog.ts'
import { viewsSlice } from '#shared/pipeline/replays/rebuild-views.ts'
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
  kafkaLog,
  newId,
  openTables,
  replayStore,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'
import { type WorkerDeps, workOnReplays } from './lib/work-on-replays.ts'

export function composeReplayRecords(env: Environment): WorkerDeps {
  const tables = openTables(env)
  const catalog = catalogOf(env)
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
    reader: kafkaLogReader({ brokers: env.kafkaBrokers, clientId: 'tidewire-replay' }),
    store: folding.store,
    viewStore: folding.viewStore,
    fold: async (records: Parameters<typeof foldBatch>[0]) =>
      void (await foldBatch(records, folding, { isRebuilder: true })),
    groupOf: (topic: string) => `tidewire-fold-${topic}`, // as in infra/msk-triggers.cjs
    elapsed: clock.elapsed,
  }
  return {
    replays: replayStore(tables),
    kinds: { views: viewsSlice(rebuilding) },
    audit: auditTrailInKafka(accepting),
    clock,
    newId,
  }
}

/** Works on replays that read or write Kafka: it is in the VPC. */
export const handler = workOnReplays(composeReplayRecords(readEnvironment(process.env)))
