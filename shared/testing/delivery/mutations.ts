import { joinReads } from '#shared/client/joint-read.ts'
import { createPositions } from '#shared/client/positions.ts'
import { createSubscription } from '#shared/client/subscription.ts'
import { formatCursor } from '#shared/core/cursor.ts'
import type { DeliverDeps } from '#shared/pipeline/deliver/deliver.ts'
import { patternsOf } from '#shared/pipeline/deliver/push-events.ts'
import type {
  KafkaRecord,
  StoredEvent,
  Stream,
  Subscription,
  SubscriptionRef,
} from '#shared/pipeline/ports.ts'
import type { MessageDeps } from '#shared/pipeline/sockets/answer-message.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** Breaks a rule of the protocol without a change of the product, by wrapping its dependencies. */
export type Mutation = {
  readonly deliver?: (deps: DeliverDeps, records: readonly KafkaRecord[]) => DeliverDeps
  readonly message?: (deps: MessageDeps) => MessageDeps
  readonly subscription?: typeof createSubscription
  readonly joinReads?: typeof joinReads
  /** Marks subscriptions after the commit, so a worker that crashes loses its marks. */
  readonly marksAfterCommit?: true
}

function decodable(records: readonly KafkaRecord[], { decode }: DeliverDeps): StoredEvent[] {
  return records.flatMap((record) => {
    try {
      return [{ ...record, ...decode(record) }]
    } catch {
      return []
    }
  })
}

/** Reads the subscriptions of a batch before its records are stored. */
const matchBeforeStore: Mutation = {
  deliver(deps, records) {
    const events = decodable(records, deps)
    let early: Promise<Map<string, readonly Subscription[]>> | undefined
    const readEarly = async () => {
      early ??= deps.subscriptions.matching(patternsOf(events))
      await early
    }
    const store: DeliverDeps['store'] = {
      ...deps.store,
      topic: async (topic) => {
        await readEarly()
        return deps.store.topic(topic)
      },
      put: async (...given) => {
        await readEarly()
        return deps.store.put(...given)
      },
    }
    const matching: DeliverDeps['subscriptions']['matching'] = async () => (await early) ?? new Map()
    return { ...deps, store, subscriptions: { ...deps.subscriptions, matching } }
  },
}

/** Advances the head before the events below it are stored. */
const headBeforeStore: Mutation = {
  deliver(deps, records) {
    const put: DeliverDeps['store']['put'] = async (stream: Stream, events) => {
      const own = records.filter(
        ({ topic, partition }) => topic === stream.topic && partition === stream.partition,
      )
      const offset = own.at(-1)?.offset ?? -1
      const known = (await deps.store.topic(stream.topic)).heads.get(stream.partition)
      const timestamp = Math.max(...own.map((record) => record.timestamp), known?.timestamp ?? -1)
      const first = known && known.first <= known.offset ? known.first : (events[0]?.offset ?? offset + 1)
      await deps.store.advance(stream, { offset, first, timestamp }, known)
      await deps.store.put(stream, events)
    }
    return { ...deps, store: { ...deps.store, put, advance: async () => true } }
  },
}

/** Registers only after everything is replayed. */
const registerAfterReplay: Mutation = {
  message(deps) {
    let pending: (() => Promise<unknown>) | undefined
    const register: MessageDeps['subscriptions']['register'] = async (request) => {
      pending = () => deps.subscriptions.register(request)
      return { ...request, registration: 0, behind: false, reader: makePrincipal() }
    }
    const post: MessageDeps['gateway']['post'] = async (connection, frame, deadline) => {
      if (frame.startsWith('{"type":"subscribed"')) await pending?.()
      return deps.gateway.post(connection, frame, deadline)
    }
    return { ...deps, subscriptions: { ...deps.subscriptions, register }, gateway: { ...deps.gateway, post } }
  },
}

/** A subscription, and the number of its newest attempt. */
function countAttempts(...definition: Parameters<typeof createSubscription>) {
  const subscription = createSubscription(...definition)
  let attempt = 0
  const ask: typeof subscription.ask = (connection) => {
    attempt++
    return subscription.ask(connection)
  }
  return { subscription: { ...subscription, ask }, attempt: () => attempt }
}

/** Applies live frames at once, as if they were part of the replay. */
const noBuffer: Mutation = {
  subscription(definition, output) {
    const { subscription, attempt } = countAttempts(definition, output)
    const { receive } = subscription
    return {
      ...subscription,
      receive: (connection, frame) => {
        const isLive = frame.type === 'events' && !frame.replay && frame.ids.includes(definition.id)
        if (!isLive || subscription.asking() !== connection) return receive(connection, frame)
        receive(connection, { ...frame, replay: true, attempt: attempt() })
        return 'none'
      },
    }
  },
}

/** Continues to post to subscriptions that are behind. */
const postToBehind: Mutation = {
  deliver(deps) {
    const matching: DeliverDeps['subscriptions']['matching'] = async (patterns) => {
      const found = await deps.subscriptions.matching(patterns)
      return new Map([...found].map(([key, list]) => [key, list.map((one) => ({ ...one, behind: false }))]))
    }
    return { ...deps, subscriptions: { ...deps.subscriptions, matching } }
  },
}

/** Reads for several subscriptions from where the last of them is. */
const readFromTheLast: Mutation = {
  joinReads(readers) {
    const joined = joinReads(readers)
    const last = joined?.members.at(-1)
    return joined && last ? { ...joined, since: formatCursor(last.position) } : joined
  },
}

/** Delivers events again that are at or below the cursor. */
const repeatBelowCursor: Mutation = {
  subscription: (definition, output) =>
    createSubscription(definition, output, (initial) => {
      const positions = createPositions(initial)
      const advance: typeof positions.advance = (position) => {
        positions.advance(position)
        return true
      }
      return { ...positions, advance }
    }),
}

/** Keeps the position although the log ends before it. */
const stayAhead: Mutation = {
  subscription: (definition, output) =>
    createSubscription(definition, output, (initial) => ({ ...createPositions(initial), rewind: () => {} })),
}

/** Treats the response to an older attempt as the response to the newest. */
const anyAttempt: Mutation = {
  subscription(definition, output) {
    const { subscription, attempt } = countAttempts(definition, output)
    const { receive } = subscription
    return {
      ...subscription,
      receive: (connection, frame) => {
        const isAnswer = frame.type === 'subscribed' || (frame.type === 'events' && frame.replay)
        return receive(connection, isAnswer ? { ...frame, attempt: attempt() } : frame)
      },
    }
  },
}

/** Lets an older attempt overwrite a newer registration. */
const lastWriterWins: Mutation = {
  message(deps) {
    const register: MessageDeps['subscriptions']['register'] = async (request) => {
      await deps.subscriptions.remove(request.connection, request.id)
      return deps.subscriptions.register(request)
    }
    return { ...deps, subscriptions: { ...deps.subscriptions, register } }
  },
}

/** Treats every record as the first with its id. */
const noClaims: Mutation = {
  deliver: (deps) => ({ ...deps, claims: { ...deps.claims, claim: async (_, own) => own } }),
}

/** Moves a head up whatever it is, instead of from exactly the known one, and is never refused. */
const advanceFromAny: Mutation = {
  deliver(deps) {
    const advance: DeliverDeps['store']['advance'] = async (stream, head) => {
      const known = (await deps.store.topic(stream.topic)).heads.get(stream.partition)
      if ((known?.offset ?? -1) < head.offset) await deps.store.advance(stream, head, known)
      return true
    }
    return { ...deps, store: { ...deps.store, advance } }
  },
}

/** Continues with what was known after it turned out to be out of date. */
const ignoreRefusal: Mutation = {
  deliver(deps) {
    const advance: DeliverDeps['store']['advance'] = async (...given) => {
      await deps.store.advance(...given)
      return true
    }
    return { ...deps, store: { ...deps.store, advance } }
  },
}

/** Uses a known head also for a batch at or below it, where only the topic shows that it was created again. */
const trustBelowHead: Mutation = {
  deliver(deps) {
    const below: DeliverDeps['heads']['below'] = (position) =>
      deps.heads.below({ ...position, offset: Number.MAX_SAFE_INTEGER })
    return { ...deps, heads: { ...deps.heads, below } }
  },
}

/** Lets a shard above the first take its batch as stored. */
const pushUnstored: Mutation = {
  deliver(deps, records) {
    if (deps.follower === undefined) return deps
    const heads = new Map(
      records.map(({ partition }) => [
        partition,
        { offset: Number.MAX_SAFE_INTEGER, first: 0, timestamp: 1e12 },
      ]),
    )
    const store: DeliverDeps['store'] = {
      ...deps.store,
      topic: async (topic) => ({ ...(await deps.store.topic(topic)), heads }),
      read: async () => decodable(records, deps),
    }
    return { ...deps, store }
  },
}

/** The rules of the protocol, each with the mutation that breaks it. */
export const MUTATIONS = {
  storeBeforeMatch: matchBeforeStore,
  headAfterStore: headBeforeStore,
  registerBeforeReplay: registerAfterReplay,
  bufferUntilSubscribed: noBuffer,
  stopWhenBehind: postToBehind,
  dropBelowCursor: repeatBelowCursor,
  rewindWhenAhead: stayAhead,
  readFromTheLowest: readFromTheLast,
  markBeforeCommit: { marksAfterCommit: true },
  matchAttempt: anyAttempt,
  newerAttemptStays: lastWriterWins,
  claimOnce: noClaims,
  advanceFromKnown: advanceFromAny,
  readAfterRefusal: ignoreRefusal,
  readAtOrBelowHead: trustBelowHead,
  shardsWait: pushUnstored,
} as const satisfies Readonly<Record<string, Mutation>>

/** Collects marks instead of writing them. */
export function deferMarks(deps: DeliverDeps): {
  readonly deps: DeliverDeps
  readonly make: () => Promise<void>
} {
  const marks: SubscriptionRef[] = []
  const markBehind = async (ref: SubscriptionRef) => void marks.push(ref)
  const make = async () => {
    for (const ref of marks) await deps.subscriptions.markBehind(ref)
  }
  return { deps: { ...deps, subscriptions: { ...deps.subscriptions, markBehind } }, make }
}
