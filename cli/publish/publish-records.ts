import { usageError } from '../cli-error.ts'
import { deriveIds } from './derive-id.ts'
import { encodeRecord, type OutgoingEvent } from './encode-record.ts'
import { type InputRecord, RecordError } from './input-record.ts'
import { isEvent, type Mapping } from './map-record.ts'
import { createPace } from './pace.ts'
import type { Lanes } from './send-in-lanes.ts'
import type { Tally } from './tally.ts'

export type PublishRecordsOptions = {
  readonly mapping: Mapping
  readonly limit: number | undefined
  readonly rate: number | undefined
  readonly signal: AbortSignal
  readonly tally: Tally
}

/**
 * Maps records to events and hands them to the lanes, in order, as fast as they are taken.
 * A record that cannot be sent is counted and the others go on. Ends when all of them are answered.
 */
export async function publishRecords(
  records: AsyncIterable<InputRecord>,
  lanes: Pick<Lanes, 'add' | 'end'>,
  options: PublishRecordsOptions,
): Promise<void> {
  const { limit, rate, signal, tally } = options
  const waitTurn = createPace(rate, signal)
  for await (const event of encodeRecords(records, options)) {
    if (event !== null) {
      await waitTurn()
      await lanes.add(event)
    }
    if (signal.aborted) throw signal.reason
    if (tally.counts().records === limit) break
  }
  await lanes.end()
}

/** Yields each record's event, or null for one that was refused. */
export async function* encodeRecords(
  records: AsyncIterable<InputRecord>,
  { mapping, tally }: Pick<PublishRecordsOptions, 'mapping' | 'tally'>,
): AsyncGenerator<OutgoingEvent | null> {
  const giveId = deriveIds()
  for await (const record of records) {
    if (tally.counts().records === 0) requireType(record, mapping)
    tally.read()
    try {
      yield encodeRecord(record, mapping, giveId)
    } catch (error) {
      if (!(error instanceof RecordError)) throw error
      tally.refused({ at: record.at, detail: error.message })
      yield null
    }
  }
}

// The first record tells what kind of file it is; refusing a million records one by one helps nobody.
function requireType(record: InputRecord, mapping: Mapping): void {
  if ('refused' in record || mapping.type !== undefined || isEvent(record.value, mapping)) return
  throw usageError(
    `${record.at} is no event (it has no "type"); to publish plain records give their type, e.g. --type market.tick`,
  )
}
