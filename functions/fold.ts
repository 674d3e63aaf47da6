import type { MSKEvent } from 'aws-lambda'
import { type BatchResponse, failuresOf, recordsOf } from '#shared/adapters/lambda/msk-event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { type FoldDeps, fold } from '#shared/pipeline/views/fold.ts'
import { createFoldMemory } from '#shared/pipeline/views/fold-memory.ts'
import { viewsOf } from '#shared/pipeline/views/views.ts'
import {
  catalogOf,
  claimStore,
  clock,
  deadLetterStore,
  eventStore,
  kafkaLog,
  openTables,
  type Tables,
  viewRetention,
  viewStore,
} from './lib/compose.ts'
import { type Environment, readEnvironment } from './lib/environment.ts'

export function composeFold(env: Environment, tables: Tables = openTables(env)): FoldDeps {
  const catalog = catalogOf(env)
  return {
    kafka: kafkaLog(env),
    store: eventStore(tables),
    claims: claimStore(tables),
    deadLetters: deadLetterStore(tables),
    viewStore: viewStore(tables),
    views: viewsOf(domains),
    memory: createFoldMemory({ retention: viewRetention(env) }),
    catalog,
    decode: recordDecoder(catalog),
    sleep: clock.sleep,
  }
}

/** The MSK trigger with consumer groups of its own: folds each batch into the views of the domains. */
export function createFold(deps: FoldDeps) {
  return async (event: MSKEvent): Promise<BatchResponse> => {
    const { failed } = await fold(recordsOf(event), deps)
    return failuresOf(failed)
  }
}

export const handler = createFold(composeFold(readEnvironment(process.env)))
