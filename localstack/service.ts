/** The part of `serverless.yml` that the local stack reads, after its variables are resolved. It is plain JSON. */
export type Service = {
  /** The name of the service. */
  readonly service: string
  readonly provider: {
    readonly environment?: Readonly<Record<string, unknown>>
    readonly stage?: string
    readonly region?: string
    readonly timeout?: number
    readonly memorySize?: number
    readonly websocketsApiRouteSelectionExpression?: string
    readonly httpApi?: { readonly cors?: boolean | CorsSettings }
  }
  readonly functions?: Readonly<Record<string, ServiceFunction>>
  readonly resources?: {
    readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>
  }
  readonly custom?: {
    /** Names of tables whose items no process needs that is started later. */
    readonly tablesOfOneRun?: readonly string[]
    /** Names of the tables, by what they hold. */
    readonly tables?: Readonly<Record<string, string>>
    readonly topics?: {
      readonly partitions?: number
      /** The minimum `retention.ms` of each topic, by its name in Kafka. */
      readonly retentionMs?: Readonly<Record<string, number>>
    }
  }
}

export type ServiceFunction = {
  readonly handler: string
  readonly name?: string
  /** The logical id of its role. */
  readonly role?: unknown
  readonly timeout?: number
  readonly memorySize?: number
  readonly reservedConcurrency?: unknown
  readonly environment?: Readonly<Record<string, unknown>>
  readonly events?: readonly Readonly<Record<string, unknown>>[]
}

/** `provider.httpApi.cors`, as the framework takes it. `maxAge` is in seconds. */
export type CorsSettings = {
  readonly allowedHeaders?: readonly string[]
  readonly allowedMethods?: readonly string[]
  readonly exposedResponseHeaders?: readonly string[]
  readonly allowCredentials?: boolean
  readonly maxAge?: number
}
