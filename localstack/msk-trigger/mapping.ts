/** One event source mapping of Lambda: which topic feeds which function, and how. Times are in milliseconds. */
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

/** The service object of the Serverless Framework, after its variables are resolved; parsed here. */
export type Service = {
  service?: unknown
  provider?: unknown
  functions?: unknown
  resources?: unknown
}
