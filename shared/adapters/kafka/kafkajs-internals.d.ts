// kafkajs 2.2.4 fetches only as a member of a consumer group. Its cluster, which its clients are made of, has a plain fetch.

declare module 'kafkajs/src/cluster/index.js' {
  type Broker = {
    readonly connectionPool: {
      send<T>(protocol: {
        request: import('kafkajs/src/protocol/requests/fetch/v11/request.js').WireRequest
        response: { decode(bytes: Buffer): Promise<T>; parse: unknown }
        requestTimeout: number
      }): Promise<T>
    }
    listOffsets(request: {
      replicaId: -1
      isolationLevel: 1
      topics: { topic: string; partitions: { partition: number; timestamp: string }[] }[]
    }): Promise<{
      responses: readonly {
        topic: string
        partitions: readonly { partition: number; offset: string }[]
      }[]
    }>
    listGroups(): Promise<{ groups: readonly { groupId: string; protocolType: string }[] }>
    describeGroups(request: { groupIds: readonly string[] }): Promise<{
      groups: readonly {
        groupId: string
        state: string
        members: readonly {
          memberId: string
          clientId: string
          clientHost: string
          memberAssignment: Buffer
        }[]
      }[]
    }>
    /** Without topics: of all that the group has committed. */
    offsetFetch(request: { groupId: string; topics: readonly [] }): Promise<{
      responses: readonly { topic: string; partitions: readonly { partition: number; offset: string }[] }[]
    }>
    describeConfigs(request: { resources: readonly { type: number; name: string }[] }): Promise<{
      resources: readonly {
        configEntries: readonly {
          configName: string
          configValue: string | null
          isDefault: boolean
          configSource?: number
          isSensitive: boolean
        }[]
      }[]
    }>
  }

  type Metadata = {
    controllerId: number
    brokers: readonly { nodeId: number; host: string; port: number }[]
    topicMetadata: readonly {
      topic: string
      partitionMetadata: readonly {
        partitionId: number
        leader: number
        replicas: readonly number[]
        isr: readonly number[]
      }[]
    }[]
  }

  export default class Cluster {
    constructor(
      config: Pick<
        import('kafkajs').KafkaConfig,
        'brokers' | 'ssl' | 'sasl' | 'clientId' | 'connectionTimeout' | 'requestTimeout' | 'retry'
      > & {
        logger: import('kafkajs').Logger
        socketFactory: import('kafkajs').ISocketFactory
        enforceRequestTimeout: boolean
        allowAutoTopicCreation: false
        metadataMaxAge: number
        authenticationTimeout: number
        reauthenticationThreshold: number
        maxInFlightRequests: null
      },
    )
    readonly brokerPool: { readonly metadata: Metadata | null }
    connect(): Promise<void>
    disconnect(): Promise<void>
    /** Of all topics, as long as none is a target. */
    refreshMetadata(): Promise<void>
    getNodeIds(): string[]
    findBroker(node: { nodeId: string | number }): Promise<Broker>
  }
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export type WireDecoder = {
    readInt16(): number
    readInt32(): number
    readInt64(): { toString(): string }
    readString(): string
    readBytes(): Buffer | null
    readArray<T>(read: (decoder: WireDecoder) => T): T[]
  }
  const Decoder: new (bytes: Buffer) => WireDecoder
  export default Decoder
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/request.js' {
  export type WireRequest = { readonly apiKey: number }
  const fetchRequest: (request: {
    replicaId: -1
    /** 1: without records of open or aborted transactions. */
    isolationLevel: 1
    maxWaitTime: number
    minBytes: number
    maxBytes: number
    topics: {
      topic: string
      partitions: { partition: number; fetchOffset: string; maxBytes: number }[]
    }[]
  }) => WireRequest
  export default fetchRequest
}

declare module 'kafkajs/src/protocol/requests/fetch/v11/response.js' {
  /** `parse` throws for an error code of a partition. */
  const fetchResponse: { readonly parse: unknown }
  export default fetchResponse
}

// What kafkajs itself makes its authentication by password of; it takes a password only when a client is made.
type ByPassword = (user: {
  username: string
  password: string
}) => import('kafkajs').Mechanism['authenticationProvider']

declare module 'kafkajs/src/broker/saslAuthenticator/plain.js' {
  const provider: ByPassword
  export default provider
}

declare module 'kafkajs/src/broker/saslAuthenticator/scram256.js' {
  const provider: ByPassword
  export default provider
}

declare module 'kafkajs/src/broker/saslAuthenticator/scram512.js' {
  const provider: ByPassword
  export default provider
}
