/** A CloudEvents 1.0.2 event (https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/spec.md). */
export type CloudEvent = {
  readonly specversion: '1.0'
  readonly id: string
  readonly source: string
  readonly type: string
  readonly subject?: string
  readonly time?: string
  readonly datacontenttype?: string
  readonly dataschema?: string
  /** The channel that the event is pushed on: a dotted path such as `port.container`. */
  readonly category?: string
  readonly severity?: string
  readonly partitionkey?: string
  readonly traceparent?: string
  readonly data?: unknown
  readonly data_base64?: string
  readonly [extension: string]: unknown
}

/** The position of an event in Kafka. It is sent beside the event, never inside it. */
export type Position = { readonly topic: string; readonly partition: number; readonly offset: number }

/**
 * An event with its position, as it is stored, returned by `GET` and sent in frames. `replayOf` is the position of the
 * dead letter that the event was replayed from. `ahead` marks an event that moves nothing, because its time is too far ahead
 * of its record's (`isAhead`).
 */
export type PositionedEvent = Position & {
  readonly event: CloudEvent
  readonly replayOf?: Position
  readonly ahead?: true
}
