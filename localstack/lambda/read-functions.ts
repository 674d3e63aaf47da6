import { accessKeyOf } from '../access/caller.ts'
import type { Service } from '../service.ts'

/** A function of `serverless.yml`, with what Lambda configures it with. */
export type FunctionDefinition = {
  /** The name in the account, such as `tidewire-local-write`. */
  readonly name: string
  /** Module and export, relative to the folder of `serverless.yml`, such as `functions/write.handler`. */
  readonly handler: string
  readonly timeoutMs: number
  readonly memoryMb: number
  readonly region: string
  /** Whether its reserved concurrency is 0: Lambda throttles every invocation then. */
  readonly isStopped: boolean
  /** What its requests are signed with. */
  readonly accessKey: string
  readonly environment: Readonly<Record<string, string>>
}

/** The framework's defaults. */
const TIMEOUT_S = 6
const MEMORY_MB = 1024
const REGION = 'us-east-1'

/**
 * Returns the functions of a resolved service by their key. `overrides` is the environment that replaces what only a
 * deployment can know. A variable that is still an intrinsic, such as `Ref`, is left out and logged. No function behind
 * the gateway gets more time than `gatewaySeconds`.
 */
export function readFunctions(
  { service, provider, functions = {} }: Service,
  overrides: Readonly<Record<string, string>>,
  log: (line: string) => void,
  gatewaySeconds = Number.POSITIVE_INFINITY,
): ReadonlyMap<string, FunctionDefinition> {
  const entries = Object.entries(functions).map(([key, definition]): [string, FunctionDefinition] => {
    const isBehindGateway = definition.events?.some(({ httpApi, websocket }) => httpApi ?? websocket) ?? false
    const timeout = Number(definition.timeout ?? provider.timeout ?? TIMEOUT_S)
    const declared = { ...provider.environment, ...definition.environment, ...overrides }
    return [
      key,
      {
        name: definition.name ?? `${service}-${provider.stage ?? 'dev'}-${key}`,
        handler: definition.handler,
        timeoutMs: Math.min(timeout, isBehindGateway ? gatewaySeconds : timeout) * 1000,
        memoryMb: Number(definition.memorySize ?? provider.memorySize ?? MEMORY_MB),
        region: provider.region ?? REGION,
        isStopped: definition.reservedConcurrency === 0,
        accessKey: accessKeyOf(key),
        environment: readEnvironment(key, declared, log),
      },
    ]
  })
  return new Map(entries)
}

function readEnvironment(
  key: string,
  declared: Readonly<Record<string, unknown>>,
  log: (line: string) => void,
): Record<string, string> {
  const environment: Record<string, string> = {}
  for (const [name, value] of Object.entries(declared)) {
    if (value === null || value === undefined) continue
    if (typeof value === 'object')
      log(`${key}: the variable ${name} is known to a deployment only; it is not set here`)
    else environment[name] = String(value)
  }
  return environment
}
