import type { HistogramName } from './metrics.ts'

/**
 * The hops of an event, in the order of its way: each is a metric of this name. Between two functions the time of the
 * record in Kafka, which its producer gave it, is compared with the clock of the other one.
 */
export const HOPS = [
  'accept_to_append',
  'append_to_deliver',
  'deliver_to_store',
  'store_to_post',
  'accept_to_post',
  'fold_lag',
  'append_to_receive',
  'receive_to_paint',
  'accept_to_paint',
] as const satisfies readonly HistogramName[]

export type Hop = (typeof HOPS)[number]
