import type { Context, MSKEvent } from 'aws-lambda'
import { answerInTime, OutOfTime, timeLeft } from '#shared/adapters/lambda/answer-in-time.ts'
import { allFailed, type BatchResponse, failuresOf, recordsOf } from '#shared/adapters/lambda/msk-event.ts'
import { domains } from '#shared/domain/catalog.ts'
import type { Measured } from '#shared/pipeline/telemetry/telemetry.ts'
import { type FoldDeps, fold } from '#shared/pipeline/views/fold.ts'
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
  type Tables,
  telemetryWithHops,
  viewRetention,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

/** Time kept back from the function's own limit to report what is not done, in milliseconds. */
const RESERVE_MS = 2000

type FoldFunctionDeps = FoldDeps & Measured

export function composeFold(env: Environment, tables: Tables = openTables(env)): FoldFunctionDeps {
  const telemetry = telemetryWithHops(tables, 'fold')
  const catalog = catalogOf(env)
  return {
    telemetry,
    kafka: kafkaLog(env, telemetry),
    store: eventStore(tables),
    claims: claimStore(tables),
    deadLetters: deadLetterStore(tables, telemetry),
    viewStore: viewStore(tables),
    views: viewsOf(domains),
    memory: createFoldMemory({ retention: viewRetention(env) }),
    catalog,
    decode: decoderOf(catalog, env),
    sleep: clock.sleep,
  }
}

/**
 * The MSK trigger with consumer groups of its own: folds each batch into the views of the domains. What is not done
 * in time comes again.
 */
export function createFold(deps: FoldDeps) {
  const handle = async (event: MSKEvent, context: Context): Promise<BatchResponse> => {
    const { failed } = await fold(recordsOf(event), { ...deps, withinMs: timeLeft(context, RESERVE_MS) })
    return failuresOf(failed)
  }
  return answerInTime(handle, {
    late: (event) => allFailed(event, new OutOfTime()),
    telemetry: deps.telemetry,
  })
}

export const handler = createFold(composeFold(readEnvironment(process.env)))
