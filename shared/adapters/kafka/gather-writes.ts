import type { Position } from '#shared/core/event.ts'
import type { RawRecord } from '#shared/pipeline/ports.ts'

/** Writes records and returns the position of each, in their order. */
export type WriteRecords = (records: readonly RawRecord[]) => Promise<Position[]>

type Waiting = {
  readonly records: readonly RawRecord[]
  resolve(positions: Position[]): void
  reject(error: unknown): void
}

/** Far below the limit of Kafka for the records of a partition in one request, 1 MB. A larger write goes alone. */
const MAX_BYTES = 256 * 1024
/** kafkajs groups the records of a request in quadratic time. */
const MAX_RECORDS = 500

/**
 * Sends writes to the same topics together if they wait at the same time: while one request is under way, the next
 * writes gather. There is no timer, so a lone write is sent at once, as in a function of the cloud, which has one request
 * at a time. Records of the same topic keep the order of their writes.
 *
 * A request that fails fails all of its writes, except if `isRefusal` says that the broker refused what is in it: then
 * each write is sent alone, so that a write is never refused for what another one contains. Those that were in Kafka
 * already are then twice in it, as after a request that Kafka's client repeats.
 */
export function gatherWrites(send: WriteRecords, isRefusal: (error: unknown) => boolean): WriteRecords {
  const lanes = new Map<string, Waiting[]>()

  async function drain(name: string, lane: Waiting[]): Promise<void> {
    while (lane.length > 0) await sendTogether(takeNext(lane))
    lanes.delete(name)
  }

  async function sendTogether(writes: readonly Waiting[]): Promise<void> {
    try {
      const positions = await send(writes.flatMap(({ records }) => records))
      let from = 0
      for (const { records, resolve } of writes) {
        resolve(positions.slice(from, from + records.length))
        from += records.length
      }
    } catch (error) {
      if (writes.length > 1 && isRefusal(error)) await sendEach(writes)
      else for (const { reject } of writes) reject(error)
    }
  }

  async function sendEach(writes: readonly Waiting[]): Promise<void> {
    for (const { records, resolve, reject } of writes) await send(records).then(resolve, reject)
  }

  return (records) =>
    new Promise((resolve, reject) => {
      const name = topicsOf(records)
      const lane = lanes.get(name)
      const write = { records, resolve, reject }
      if (lane) {
        lane.push(write)
        return
      }
      const opened = [write]
      lanes.set(name, opened)
      void drain(name, opened)
    })
}

function topicsOf(records: readonly RawRecord[]): string {
  const first = records[0]?.topic ?? ''
  if (records.every(({ topic }) => topic === first)) return first
  return [...new Set(records.map(({ topic }) => topic))].sort().join(' ')
}

/** Takes the writes of the next request: at least one. */
function takeNext(lane: Waiting[]): Waiting[] {
  let bytes = 0
  let count = 0
  let taken = 0
  for (const { records } of lane) {
    count += records.length
    for (const { value } of records) bytes += value.length
    if (taken > 0 && (bytes > MAX_BYTES || count > MAX_RECORDS)) break
    taken += 1
  }
  return lane.splice(0, taken)
}
