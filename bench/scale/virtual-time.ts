import { setImmediate } from 'node:timers/promises'

export type VirtualTime = {
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Lets everything happen that is due until then. */
  readonly runUntil: (ms: number) => Promise<void>
}

/** Sleeps end at whole multiples of this, so that many of them share a turn. */
const TICK_MS = 0.5

/** A clock in milliseconds that goes on as soon as nothing is left to do at its present time. */
export function createVirtualTime(): VirtualTime {
  let time = 0
  const sleepers = new Map<number, (() => void)[]>()
  let ticks: number[] = []

  const next = (): number | undefined => {
    let lowest: number | undefined
    for (const tick of ticks) if (lowest === undefined || tick < lowest) lowest = tick
    return lowest
  }
  return {
    now: () => time,
    sleep(ms) {
      const tick = Math.max(Math.ceil((time + ms) / TICK_MS), Math.floor(time / TICK_MS) + 1)
      return new Promise((resolve) => {
        const others = sleepers.get(tick)
        if (others) others.push(resolve)
        else {
          sleepers.set(tick, [resolve])
          ticks.push(tick)
        }
      })
    },
    async runUntil(end) {
      await setImmediate()
      for (let tick = next(); tick !== undefined && tick * TICK_MS <= end; tick = next()) {
        const due = tick
        time = due * TICK_MS
        const wake = sleepers.get(due) ?? []
        sleepers.delete(due)
        ticks = ticks.filter((each) => each !== due)
        for (const resolve of wake) resolve()
        await setImmediate()
      }
      time = end
    },
  }
}
