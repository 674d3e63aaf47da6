/**
 * The hops of an event: from one station to the next, in the order of the way, and the ways as a whole. Between two
 * functions the time of the record in Kafka is compared with the clock of the other one; within a function nothing is.
 */
export const HOPS = {
  accept_to_append: 'A request comes in, and Kafka confirms its records.',
  append_to_deliver: 'The time of the record, and `deliver` begins with its batch.',
  deliver_to_store: '`deliver` begins with a batch, and its events are stored.',
  store_to_post: 'The events are stored, and the last frame is posted.',
  append_to_post: 'The time of the record, and the last frame is posted.',
  append_to_fold: 'The time of the record, and its partition is folded.',
  append_to_receive: 'The time of the record, and a page has its frame.',
  receive_to_paint: 'A page has a frame, and the screen shows it.',
  append_to_paint: 'The time of the record, and the screen shows it.',
} as const satisfies Readonly<Record<string, string>>

export type Hop = keyof typeof HOPS
