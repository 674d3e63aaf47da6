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
import { domains } from '#shared/domain/catalog.ts'
import type { GuardedWork, PoisonGuard } from '#shared/pipeline/consume/poison-guard.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { RecordSecrets } from '#shared/pipeline/record-secrets.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { type FoldDeps, fold, viewsMissing } from '#shared/pipeline/views/fold.ts'
import { createFoldMemory } from '#shared/pipeline/views/fold-memory.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import {
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  decoderOf,
  eventStore,
  kafkaLog,
  openTables,
  poisonGuard,
  recordSecrets,
  type Tables,
  telemetryWithHops,
  viewRetention,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Time kept back from the function's own limit to report what is not done, in milliseconds. */
const RESERVE_MS = 2000
/** The part of the time in which records are taken one by one, if the batch fails. */
const ALONE_SHARE = 0.5

type FoldFunctionDeps = FoldDeps &
  Measured & { readonly guard: PoisonGuard; readonly secrets: Pick<RecordSecrets, 'meet'> }

export function composeFold(env: Environment, tables: Tables = openTables(env)): FoldFunctionDeps {
  const telemetry = telemetryWithHops(tables, 'fold')
  const catalog = catalogOf(env)
  const decode = decoderOf(catalog, env)
  const views = viewsOf(domains)
  const deadLetters = deadLetterStore(tables, telemetry)
  const unfoldedOf = (record: KafkaRecord) => viewsMissing(record, { decode, views })
  return {
    telemetry,
    kafka: kafkaLog(env, telemetry),
    store: eventStore(tables),
    claims: claimStore(tables),
    deadLetters,
    guard: poisonGuard(tables, { consumer: 'fold', deadLetters, unfoldedOf }),
    viewStore: viewStore(tables),
    views,
    memory: createFoldMemory({ retention: viewRetention(env) }),
    catalog,
    decode,
    secrets: recordSecrets(env),
    sleep: clock.sleep,
  }
}

/**
 * The MSK trigger with consumer groups of its own: folds each batch into the views of the domains. What is not done
 * in time comes again.
 */
export function createFold({ guard, secrets, ...deps }: FoldFunctionDeps) {
  const handle = async (event: KafkaTriggerEvent, context: Context): Promise<BatchResponse> => {
    const records = recordsOf(event)
    await secrets.meet(records)
    const foldThese: GuardedWork = async (some, refuse) => {
      const within = { withinMs: timeLeft(context, RESERVE_MS), decode: refuse(deps.decode) }
      return (await fold(some, { ...deps, ...within })).failed
    }
    const at = { name: context.functionName, withinMs: timeLeft(context, RESERVE_MS) * ALONE_SHARE }
    return failuresOf(await guard.run(records, foldThese, at))
  }
  return answerInTime(handle, {
    late: (event) => allFailed(event, new OutOfTime()),
    telemetry: deps.telemetry,
  })
}

const env = readEnvironment(process.env)
export const handler = kafkaTrigger(createFold(composeFold(env)), env)
