/** One event source mapping of Lambda: which topic feeds which function, and how. Times are milliseconds. */
export type Mapping = {
  functionKey: string
  functionName: string
  topic: string
  eventSource: 'aws:kafka' | 'SelfManagedKafka'
  /** Undefined for self-managed Kafka, which has no ARN. */
  eventSourceArn?: string
  groupId: string
  batchSize: number
  windowMs: number
  startingPosition: StartingPosition
  reportBatchItemFailures: boolean
  bisect: boolean
  /** Retries after the first invocation; Infinity is Lambda's default. */
  maxRetries: number
  maxRecordAgeMs: number
  timeoutMs: number
  onFailureTopic?: string
}

/** Where a consumer group without a committed offset begins; `timestamp` is Unix time in milliseconds. */
export type StartingPosition =
  | { at: 'LATEST' }
  | { at: 'TRIM_HORIZON' }
  | { at: 'AT_TIMESTAMP'; timestamp: number }

/** A record as it was read from its partition. */
export type KafkaRecord = {
  topic: string
  partition: number
  offset: number
  timestamp: number
  timestampType: 'CREATE_TIME' | 'LOG_APPEND_TIME'
  key: Buffer | null
  value: Buffer | null
  headers: [name: string, value: Buffer][]
}

/** A function error is the function's own failure; a throttled or unreachable Lambda service rejects instead. */
export type FunctionError = { errorType: string; errorMessage: string }
export type InvokeResult = { payload: unknown } | { functionError: FunctionError }

/** Invokes a function once. Rejects when the invocation could not be made: that is retried without counting. */
export type Invoke = (
  functionKey: string,
  event: LambdaKafkaEvent,
  timeoutMs: number,
) => Promise<InvokeResult>

/** @see https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event */
export type LambdaKafkaEvent = {
  eventSource: Mapping['eventSource']
  eventSourceArn?: string
  bootstrapServers: string
  records: Record<string, LambdaKafkaRecord[]>
}

export type LambdaKafkaRecord = {
  topic: string
  partition: number
  offset: number
  timestamp: number
  timestampType: KafkaRecord['timestampType']
  /** base64; absent when the record has no key */
  key?: string
  /** base64; absent for a tombstone */
  value?: string
  headers: Record<string, number[]>[]
}
