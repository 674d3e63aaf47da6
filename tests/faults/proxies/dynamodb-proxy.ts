import type { Random } from '#shared/testing/random.ts'
import { type Fate, type HttpProxy, type Passing, startHttpProxy } from './http-proxy.ts'

const KINDS = ['refused', 'throttled', 'failed after applying', 'cut after applying', 'late'] as const
type Kind = (typeof KINDS)[number]
export type DynamodbFaults = Record<Kind, number>

/** Every kind of step that deliver and the socket functions take: an operation on a table. */
const STEPS = [
  ['any', ''],
  ['any', 'log'],
  ['any', 'claims'],
  ['any', 'connections'],
  ['any', 'subscriptions'],
  ['BatchWriteItem', 'log'],
  ['UpdateItem', 'log'],
  ['Query', 'log'],
  ['PutItem', 'claims'],
  ['BatchGetItem', 'claims'],
  ['BatchGetItem', 'subscriptions'],
  ['Query', 'subscriptions'],
  ['PutItem', 'subscriptions'],
  ['UpdateItem', 'subscriptions'],
  ['PutItem', 'connections'],
  ['UpdateItem', 'connections'],
] as const

export type DynamodbProxy = HttpProxy & {
  readonly faults: DynamodbFaults
  readonly requests: () => number
  /** For `ms`, which is longer than the retries of the SDK, most requests of one random step fail in one random way. */
  beginTrouble(ms: number, longestDelayMs: number): void
  /** Refuses the next `times` requests of this step, without applying them. */
  refuse(operation: string, table: string, times: number): void
  endTrouble(): void
}

const FAULT = 'com.amazonaws.dynamodb.v20120810'
const REFUSED = { status: 500, body: `{"__type":"${FAULT}#InternalServerError","message":"injected"}` }
const THROTTLED = {
  status: 400,
  body: `{"__type":"${FAULT}#ProvisionedThroughputExceededException","message":"injected"}`,
}

type Trouble = {
  kind: Kind
  operation: string
  table: string
  until: number
  longestDelayMs: number
  gaps: number
  left: number
}

/** Starts a proxy between the functions and DynamoDB. One step after another fails, before or after it was applied. */
export async function startDynamodbProxy(target: () => string, random: Random): Promise<DynamodbProxy> {
  const faults = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as DynamodbFaults
  let requests = 0
  let trouble: Trouble | null = null

  const fateOf = ({ kind, longestDelayMs }: Trouble): Fate => {
    if (kind === 'refused') return { lost: true, answer: { ...REFUSED, type: 'application/x-amz-json-1.0' } }
    if (kind === 'throttled')
      return { lost: true, answer: { ...THROTTLED, type: 'application/x-amz-json-1.0' } }
    if (kind === 'failed after applying')
      return { answer: { ...REFUSED, type: 'application/x-amz-json-1.0' } }
    if (kind === 'cut after applying') return { answer: 'cut' }
    return { delayMs: random.between(200, longestDelayMs) }
  }
  const judge = (passing: Passing): Fate | null => {
    requests++
    if (trouble === null || trouble.left <= 0 || Date.now() > trouble.until) return null
    if (!concerns(trouble, passing) || random.chance(trouble.gaps)) return null
    // One late request is like a crash at its step. Many late requests would only be like a slow machine.
    if (trouble.kind === 'late' && random.chance(0.7)) return null
    trouble.left--
    faults[trouble.kind]++
    return fateOf(trouble)
  }
  const http = await startHttpProxy(target, judge)
  return {
    ...http,
    faults,
    requests: () => requests,
    beginTrouble(ms, longestDelayMs) {
      const [operation, table] = random.oneOf(STEPS)
      trouble = {
        kind: random.oneOf(KINDS),
        operation,
        table,
        until: Date.now() + ms,
        longestDelayMs,
        gaps: 0.1,
        left: Number.POSITIVE_INFINITY,
      }
    },
    refuse(operation, table, times) {
      const always = { until: Number.POSITIVE_INFINITY, longestDelayMs: 0, gaps: 0 }
      trouble = { kind: 'refused', operation, table, ...always, left: times }
    },
    endTrouble() {
      trouble = null
    },
  }
}

function concerns({ operation, table }: Trouble, { headers, body }: Passing): boolean {
  const called = String(headers['x-amz-target']).split('.').at(-1)
  if (called === 'CreateTable' || called === 'DescribeTable') return false // the stack is booting
  return (operation === 'any' || operation === called) && body.includes(`"tidewire-local-${table}`)
}
