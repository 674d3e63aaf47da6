/** What is planned. Hours are those of a month (at most 730) in which events come and viewers are connected. */
export type Workload = {
  readonly eventsPerSecond: number
  readonly viewers: number
  /** How many viewers hear an event, on average. */
  readonly fanOut: number
  readonly hours: number
  /** The size of an event as JSON. */
  readonly eventBytes: number
  /** Events that one request to `POST /events` has. */
  readonly eventsPerPost: number
  /** Topics that the events are spread over. */
  readonly activeTopics: number
  /** Parts of views that an event changes. */
  readonly viewParts: number
  /** How long the trigger collects records, in milliseconds. */
  readonly windowMs: number
  /** Seconds between the pings of an idle viewer. */
  readonly pingSeconds: number
  readonly shards: number
  /** Memory of `deliver` and `fold` in MB. */
  readonly memory: number
}

/** What a workload becomes in a month, or in a second where it says so. */
export type Traffic = {
  readonly events: number
  readonly deliveries: number
  /** Events of one partition that an invocation of `deliver` has, on average. */
  readonly eventsPerBatch: number
  readonly batches: number
  /** Frames that are posted, and the messages of 32 KB that they are billed as. */
  readonly frames: number
  readonly billedFrames: number
  readonly framesPerSecond: number
  readonly posts: number
  readonly pings: number
  readonly connects: number
  readonly connectionMinutes: number
  /** Milliseconds of an invocation of `deliver` in one shard. */
  readonly deliverMs: number
  /** Whether an invocation ends before the next full batch has come. */
  readonly keepsUp: boolean
  /** Bytes to viewers. */
  readonly bytesOut: number
}

/** How Lambda polls Kafka. On demand it collects for half a second at least (`batchWindow`, docs/limits.md). */
export const POLLERS = ['provisioned', 'on-demand'] as const
export type Pollers = (typeof POLLERS)[number]
const WINDOW_ON_DEMAND_MS = 500

export const MONTH_HOURS = 730
/** From serverless.yml. */
export const PARTITIONS = 3
const BATCH_SIZE = 500
const FRAME_BYTES = 32 * 1024
/** Ids of subscriptions, positions and the frame itself, for each event in a frame. */
const FRAME_OVERHEAD = 120
/** The gateway closes a connection after two hours, and its client opens the next one. */
const CONNECTION_HOURS = 2
/** A client with at least this many frames since its last ping asks each minute (docs/adr/0021). */
const BUSY_FRAMES_PER_SECOND = 20 / 60
const BUSY_PING_SECONDS = 60

/**
 * Assumptions about Lambda, which nobody has measured in AWS yet. Posts of a function go 64 at a time, each takes 15 ms
 * there and back, and costs 169 µs of a full CPU over TLS (docs/performance.md, "posts"). 1,769 MB are one CPU
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html).
 */
const POSTS_AT_ONCE = 64
const POST_SECONDS = 0.015
const POST_CPU_SECONDS = 169e-6
const CPU_MEMORY = 1769
/** An invocation of `deliver` without its posts: about four requests to DynamoDB in a row. */
const DELIVER_SECONDS = 0.03

/** Returns the posts per second that one invocation reaches with this memory. */
export function postsPerSecond(memory: number): number {
  return Math.min(POSTS_AT_ONCE / POST_SECONDS, Math.min(1, memory / CPU_MEMORY) / POST_CPU_SECONDS)
}

/** Returns the traffic of a workload. Events are spread evenly over time, partitions and viewers. */
export function trafficOf(workload: Workload, pollers: Pollers): Traffic {
  const { eventsPerSecond, viewers, fanOut, hours, eventBytes, pingSeconds } = workload
  const seconds = hours * 3600
  const perPartition = eventsPerSecond / (PARTITIONS * workload.activeTopics)
  const shortest = pollers === 'on-demand' ? WINDOW_ON_DEMAND_MS : 0
  const batch = batchOf(workload, perPartition, Math.max(workload.windowMs, shortest))
  const events = eventsPerSecond * seconds
  const deliveries = events * fanOut
  const batches = batch.events === 0 ? 0 : events / batch.events
  const frames = batches * batch.viewers
  const framesPerSecond = seconds === 0 ? 0 : frames / seconds
  const eventsPerFrame = frames === 0 ? 0 : deliveries / frames
  const bytes = eventBytes + FRAME_OVERHEAD
  const perViewer = viewers === 0 ? 0 : framesPerSecond / viewers
  const pingEvery =
    perViewer >= BUSY_FRAMES_PER_SECOND ? Math.min(BUSY_PING_SECONDS, pingSeconds) : pingSeconds
  return {
    events,
    deliveries,
    eventsPerBatch: batch.events,
    batches,
    frames,
    billedFrames: frames * Math.max(1, Math.ceil((eventsPerFrame * bytes) / FRAME_BYTES)),
    framesPerSecond,
    posts: events / workload.eventsPerPost,
    pings: (viewers * seconds) / pingEvery,
    connects: (viewers * hours) / CONNECTION_HOURS,
    connectionMinutes: viewers * hours * 60,
    deliverMs: batch.seconds * 1000,
    keepsUp: batch.events < BATCH_SIZE,
    bytesOut: deliveries * bytes,
  }
}

/**
 * Records that come while an invocation runs, or while the trigger collects, are the next batch: the more there is to
 * post, the larger the batches. Found by repetition: a larger batch reaches more viewers, and takes longer.
 */
function batchOf({ viewers, fanOut, shards, memory }: Workload, perPartition: number, windowMs: number) {
  const share = viewers === 0 ? 0 : Math.min(1, fanOut / viewers)
  const reached = (events: number) => viewers * (1 - (1 - share) ** events)
  const secondsOf = (events: number) => DELIVER_SECONDS + reached(events) / shards / postsPerSecond(memory)
  let events = perPartition === 0 ? 0 : 1
  for (let round = 0; round < 200 && events > 0; round++)
    events = Math.min(BATCH_SIZE, Math.max(1, perPartition * Math.max(windowMs / 1000, secondsOf(events))))
  return { events, viewers: reached(events), seconds: secondsOf(events) }
}
