import type { Invoke, InvokeResult } from './lambda-invoker.ts'
import type { LambdaKafkaEvent } from './to-lambda-event.ts'

type Target = Parameters<Invoke>[0]
type Call = {
  target: Target
  /** Of one partition. */
  event: LambdaKafkaEvent
  name: string
  resolve(result: InvokeResult): void
  reject(error: unknown): void
}

type Limits = {
  /** Lambda's BatchSize, which is of an invocation and not of a partition. */
  batchSize: number
  maxBytes: number
}

/**
 * Puts the batches of several partitions of a mapping into one invocation, as Lambda does, when they are ready at the
 * same time: mostly because one fetch brought them. Nothing waits for another partition to become ready.
 *
 * No partition is held up by the failure of another one: if an invocation fails as a whole, each of its batches is
 * invoked alone, and what is retried is always invoked alone.
 */
export function joinInvocations(invoke: Invoke, limits: Limits): Invoke {
  const highest = new Map<string, number>()
  let waiting: Call[] = []

  function flush(): void {
    const calls = waiting
    waiting = []
    for (const group of groupsOf(calls, limits)) void invokeTogether(group)
  }

  async function invokeAlone({ target, event, resolve, reject }: Call): Promise<void> {
    await invoke(target, event).then(resolve, reject)
  }

  async function invokeTogether(calls: readonly Call[]): Promise<void> {
    const [first] = calls
    if (!first) return
    if (calls.length === 1) return invokeAlone(first)
    const names = calls.map(({ name }) => name)
    const records = Object.assign({}, ...calls.map(({ event }) => event.records))
    try {
      const result = await invoke(first.target, { ...first.event, records })
      const shares = 'payload' in result ? sharesOf(result.payload, names) : undefined
      if (shares) for (const [index, call] of calls.entries()) call.resolve({ payload: shares[index] })
      else await Promise.all(calls.map(invokeAlone))
    } catch (error) {
      for (const { reject } of calls) reject(error)
    }
  }

  return (target, event) =>
    new Promise((resolve, reject) => {
      const [name = '', records = []] = Object.entries(event.records)[0] ?? []
      const offset = records[0]?.offset ?? 0
      const call = { target, event, name, resolve, reject }
      const isRetry = offset <= (highest.get(name) ?? -1)
      highest.set(name, offset)
      if (isRetry) void invokeAlone(call)
      else if (waiting.push(call) === 1) setImmediate(flush)
    })
}

/** Divides calls into invocations within the limits, in their order. */
function groupsOf(calls: readonly Call[], { batchSize, maxBytes }: Limits): Call[][] {
  const groups: Call[][] = []
  let count = 0
  let bytes = 0
  for (const call of calls) {
    const records = call.event.records[call.name] ?? []
    const size = sizeOf(call.event, call.name)
    const last = groups.at(-1)
    if (last && count + records.length <= batchSize && bytes + size <= maxBytes) last.push(call)
    else groups.push([call])
    const isNew = groups.at(-1)?.length === 1
    count = isNew ? records.length : count + records.length
    bytes = isNew ? size : bytes + size
  }
  return groups
}

/** An upper estimate of the bytes of an event's JSON. */
function sizeOf(event: LambdaKafkaEvent, name: string): number {
  let bytes = 0
  for (const { key = '', value = '', headers, topic } of event.records[name] ?? []) {
    bytes += key.length + value.length + topic.length + 200
    for (const header of headers)
      for (const [title, content] of Object.entries(header)) bytes += title.length + 8 + 5 * content.length
  }
  return bytes
}

/**
 * Returns the response of a joint invocation for each of its partitions; undefined if it names what is none of them, for
 * which Lambda retries everything.
 */
function sharesOf(payload: unknown, names: readonly string[]): unknown[] | undefined {
  if (typeof payload !== 'object' || payload === null || !('batchItemFailures' in payload))
    return names.map(() => payload)
  const { batchItemFailures: failures } = payload
  if (!Array.isArray(failures)) return names.map(() => payload)
  const owners = failures.map(ownerOf)
  if (!owners.every((owner) => owner !== undefined && names.includes(owner))) return undefined
  return names.map((name) => ({ batchItemFailures: failures.filter((_, index) => owners[index] === name) }))
}

function ownerOf(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined
  const { itemIdentifier: identifier } = failure
  if (typeof identifier !== 'object' || identifier === null || !('partition' in identifier)) return undefined
  return typeof identifier.partition === 'string' ? identifier.partition : undefined
}
