import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '#shared/testing/random.ts'
import type { Rig } from './start-rig.ts'

export type FaultPlan = {
  /** When load and faults end, in performance.now. While the stack is down this moves on: it counts time at work. */
  until: number
  readonly seconds: number
}

export type FaultCounts = { cuts: number; stalls: number; kills: number; downMs: number }

/** With most of 20 clients connected most of the time, 10 minutes have a little over 1,000 cuts. */
const CUT_EVERY_MS = 300
const STALL_EVERY_MS = 7000
const REFUSE_EVERY_MS = 2500
const DYNAMODB_EVERY_MS = 3000
const KILL_EVERY_MS = 30_000

/** Makes everything fail at random moments until the plan's end, and ends with everything running. */
export async function injectFaults(rig: Rig, plan: FaultPlan, random: Random): Promise<FaultCounts> {
  const { sockets, gateway, dynamodb } = rig
  const counts: FaultCounts = { cuts: 0, stalls: 0, kills: 0, downMs: 0 }
  // A late request may outlive the function that made it: deliver's limit is 60 s.
  const longestDelayMs = plan.seconds >= 300 ? 65_000 : 8000
  gateway.trouble = true
  await Promise.all([
    atRandom(plan, CUT_EVERY_MS, random, () => {
      if (sockets.cut(random)) counts.cuts++
    }),
    atRandom(plan, STALL_EVERY_MS, random, () => {
      if (sockets.stall(random, random.between(1000, 12_000))) counts.stalls++
    }),
    atRandom(plan, REFUSE_EVERY_MS, random, () => gateway.refuseOne(random.between(300, 3000))),
    atRandom(plan, DYNAMODB_EVERY_MS, random, () =>
      dynamodb.beginTrouble(random.between(200, 2000), longestDelayMs),
    ),
    killNowAndThen(rig, plan, random, counts),
  ])
  gateway.trouble = false
  dynamodb.endTrouble()
  return counts
}

/** Calls `fault` again and again, `everyMs` apart on average. */
async function atRandom(plan: FaultPlan, everyMs: number, random: Random, fault: () => void): Promise<void> {
  for (;;) {
    const pause = random.between(0, 2 * everyMs)
    if (performance.now() + pause > plan.until) return
    await sleep(pause)
    fault()
  }
}

/** At least one kill, in the first half of a short run; one in 30 s on average in a long one. */
async function killNowAndThen(
  { stack }: Rig,
  plan: FaultPlan,
  random: Random,
  counts: FaultCounts,
): Promise<void> {
  const everyMs = Math.min(KILL_EVERY_MS, (plan.seconds * 1000) / 2)
  for (;;) {
    await sleep(random.between(0.6, 1.4) * everyMs)
    if (performance.now() > plan.until) return
    await stack.stop('SIGKILL')
    counts.kills++
    const downMs = await stack.start()
    counts.downMs += downMs
    plan.until += downMs
  }
}
