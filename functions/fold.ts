import type { MSKEvent } from 'aws-lambda'
import { type BatchResponse, failuresOf, recordsOf } from '#shared/adapters/lambda/msk-event.ts'
import { fold } from '#shared/pipeline/views/fold.ts'
import { catalog, claims, clock, deadLetters, decode, kafka, store, viewStore, views } from './compose.ts'

const deps = { claims, deadLetters, decode, views, kafka, store, catalog, viewStore, sleep: clock.sleep }

/** The MSK trigger with consumer groups of its own (msk-triggers.cjs): folds each batch into the views of the domains. */
export async function handler(event: MSKEvent): Promise<BatchResponse> {
  const { failed } = await fold(recordsOf(event), deps)
  return failuresOf(failed)
}
