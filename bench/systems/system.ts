import type { Target } from '../load/load.ts'

/** A server under test: it takes events over HTTP, writes them to Kafka, reads them there and pushes them. */
export type System = Target & {
  /** CPU seconds so far of all its processes, without Kafka's. */
  cpuSeconds(): Promise<number>
  megabytes(): Promise<number>
  stop(): Promise<void>
}

/** A server under test that can be started on a cluster with an empty topic `events` of three partitions. */
export type Contender = {
  readonly name: string
  /** Whether it is Tidewire, of this or of another commit; otherwise it is a peer. */
  readonly isTidewire: boolean
  start(brokers: string): Promise<System>
}

export const TOPIC = 'events'
export const PARTITIONS = 3
