import type { Decoded } from '#shared/pipeline/deliver/decode-batch.ts'
import type { EventStore, Head, KafkaRecord, Stream } from '#shared/pipeline/ports.ts'

/**
 * The stream that the records of a batch belong to, and its head. Offsets that were stored before are either the same
 * records again, or the topic was deleted and created anew: then another event stands at the same offset, or records
 * at or below the head are younger than it, and a new epoch begins. `compared` is how many stored events are looked
 * at, all unless it is given.
 */
export async function openStream(
  records: readonly KafkaRecord[],
  decoded: readonly Decoded[],
  store: Pick<EventStore, 'topic' | 'renewEpoch' | 'read'>,
  compared: number = records.length,
): Promise<{ stream: Stream; head: Head | undefined }> {
  const [{ topic, partition, offset: first }] = records as [KafkaRecord]
  const { epoch, heads } = await store.topic(topic)
  const head = heads.get(partition)
  const stream = { topic, epoch, partition }
  if (head === undefined || first > head.offset) return { stream, head }
  const isYounger = records.some(
    ({ offset, timestamp }) => offset <= head.offset && timestamp > head.timestamp,
  )
  const hasOthers = async () => {
    const offsets = records.map(({ offset }) => offset)
    const upTo = Math.min(head.offset, Math.max(...offsets))
    const range = { after: Math.min(...offsets) - 1, upTo, limit: compared }
    const known = new Map((await store.read(stream, range)).map((event) => [event.offset, event]))
    return decoded.some(({ stored: event }) => {
      const other = event && known.get(event.offset)
      return other && (other.event.id !== event.event.id || other.timestamp !== event.timestamp)
    })
  }
  if (!isYounger && !(await hasOthers())) return { stream, head }
  return { stream: { ...stream, epoch: await store.renewEpoch(topic, epoch) }, head: undefined }
}
