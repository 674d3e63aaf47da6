import { postAtPace } from '#shared/adapters/gateway/post-at-pace.ts'
import { seededRandom } from '#shared/core/random.ts'
import { quantile } from '../measure/measure.ts'
import { createVirtualTime, type VirtualTime } from './virtual-time.ts'

/** What is simulated. Rates are per second. */
export type FanOut = {
  readonly connections: number
  readonly eventsPerSecond: number
  /** How many connections hear an event. */
  readonly fanOut: number
  readonly shards: number
  readonly partitions: number
  /** Requests of the account that posts, messages and HTTP share, and how many of them may come at once. */
  readonly accountRate: number
  readonly burst: number
  /** What of the account's rate is used otherwise. */
  readonly otherRate: number
  readonly postsAtOnce: number
  /** How long a post is on its way, there and back, and how much CPU one costs the function, in milliseconds. */
  readonly postMs: number
  readonly postCpuMs: number
  /** An invocation without its posts, and when its posts must end. */
  readonly batchMs: number
  readonly deadlineMs: number
  readonly batchSize: number
  readonly seconds: number
}

/** What came of it, over the whole time. */
export type FanOutResult = {
  readonly framesPerSecond: number
  readonly lagP50: number
  readonly lagP99: number
  /** Of all tries, how many got 429. */
  readonly throttledShare: number
  /** Of all frames, how many were given up, so that their subscription is behind. */
  readonly behindShare: number
  /** Events that came and are in no batch yet, of all that came. */
  readonly waitingShare: number
  readonly eventsPerBatch: number
}

/**
 * Simulates the fan-out of shards in virtual time: each partition of each shard has an invocation at a time, which takes
 * what has come, works, and posts a frame to each connection that the batch reaches, at most so many at once, with the
 * pace and the retries of the gateway's adapter itself (post-at-pace.ts). All posts share the account's token bucket; what
 * finds it empty gets 429. A connection that is behind is posted to again by the next batch: in truth its client resumes
 * first, which costs a message and a replay.
 */
export async function simulateFanOut(plan: FanOut): Promise<FanOutResult> {
  const time = createVirtualTime()
  const random = seededRandom(7)
  const counts = { sent: 0, tries: 0, throttled: 0, behind: 0, batches: 0, taken: 0 }
  const lags: number[] = []
  const bucket = createBucket(plan, time)
  const own = { ...plan, connections: plan.connections / plan.shards }
  for (let shard = 0; shard < plan.shards; shard++)
    for (let partition = 0; partition < plan.partitions; partition++)
      void runPartition(`${shard}/${partition}`, partition)
  await time.runUntil(plan.seconds * 1000)
  const came = Math.max(1, plan.eventsPerSecond * plan.seconds * plan.shards)
  return {
    framesPerSecond: counts.sent / plan.seconds,
    lagP50: quantile(lags, 0.5),
    lagP99: quantile(lags, 0.99),
    throttledShare: counts.throttled / Math.max(1, counts.tries),
    behindShare: counts.behind / Math.max(1, counts.behind + counts.sent),
    waitingShare: Math.max(0, 1 - counts.taken / came),
    eventsPerBatch: counts.taken / Math.max(1, counts.batches),
  }

  async function runPartition(name: string, partition: number): Promise<void> {
    const tryOnce = createTries()
    const post = postAtPace(tryOnce, { now: time.now, sleep: time.sleep, random })
    const gapMs = (1000 * plan.partitions) / plan.eventsPerSecond
    // The events of a partition come evenly, and those of the partitions take turns.
    const arrivalOf = (index: number) => ((partition + 1) / plan.partitions + index) * gapMs
    for (let taken = 0; ; ) {
      const first = arrivalOf(taken)
      if (first > time.now()) await time.sleep(first - time.now())
      const here = Math.floor(time.now() / gapMs - (partition + 1) / plan.partitions) + 1 - taken
      const events = Math.min(plan.batchSize, Math.max(1, here))
      taken += events
      counts.taken += events
      counts.batches++
      const deadline = time.now() + plan.deadlineMs
      await time.sleep(plan.batchMs)
      await postBatch(name, { reached: reachedBy(events), first, deadline, post })
    }
  }

  function reachedBy(events: number): number {
    const share = Math.min(1, plan.fanOut / plan.connections)
    const expected = own.connections * (1 - (1 - share) ** events)
    return Math.floor(expected) + (random() < expected % 1 ? 1 : 0)
  }

  async function postBatch(name: string, batch: Batch): Promise<void> {
    const start = Math.floor(random() * own.connections)
    let index = 0
    const lane = async () => {
      while (index < batch.reached && time.now() < batch.deadline) {
        const connection = `${name}/${(start + index++) % own.connections}`
        if ((await batch.post(connection, '', batch.deadline)) === 'sent') {
          counts.sent++
          lags.push(time.now() - batch.first)
        } else counts.behind++
      }
    }
    await Promise.all(Array.from({ length: Math.min(plan.postsAtOnce, batch.reached) }, lane))
    counts.behind += batch.reached - index
  }

  /** Tries of one invocation, which has a CPU of its own. */
  function createTries() {
    let cpuFree = 0
    return async () => {
      cpuFree = Math.max(cpuFree, time.now()) + plan.postCpuMs
      await time.sleep(Math.max(plan.postMs, cpuFree - time.now()))
      counts.tries++
      if (bucket.take()) return 'sent' as const
      counts.throttled++
      return 'throttled' as const
    }
  }
}

type Batch = {
  readonly reached: number
  readonly first: number
  readonly deadline: number
  readonly post: ReturnType<typeof postAtPace>
}

/** The token bucket of API Gateway, of which other requests of the account take their share. */
function createBucket({ accountRate, burst, otherRate }: FanOut, time: Pick<VirtualTime, 'now'>) {
  const perMs = Math.max(0, accountRate - otherRate) / 1000
  let tokens = perMs === 0 ? 0 : burst
  let at = 0
  return {
    take(): boolean {
      tokens = Math.min(burst, tokens + (time.now() - at) * perMs)
      at = time.now()
      if (tokens < 1) return false
      tokens--
      return true
    },
  }
}
