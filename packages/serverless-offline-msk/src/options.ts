/** What `custom.serverless-offline-msk` of a project may have. Numbers may be text, as variables give them. */
export type Options = {
  /** A cluster to use instead of the embedded broker: `host:port`, separated by commas or as a list. */
  brokers?: string | string[]
  /** Port of the embedded broker; default 9092. */
  kafkaPort?: number | string
  /** Where the embedded broker keeps its data, relative to the project; default `.serverless-offline-msk`. */
  dataDir?: string
  /** Partitions of a topic that is created; default 1. */
  partitions?: number | string
  /** Partitions of particular topics, which are created even if no event names them. */
  topics?: Record<string, number | string>
}
