import { AsyncLocalStorage } from 'node:async_hooks'
import { nextTick } from 'node:process'
import type { Random } from '#shared/testing/random.ts'

/** A concurrent activity: a deliver worker, the handling of one message, one HTTP request. */
export type Actor = {
  readonly name: string
  readonly mayFail: boolean
  state: 'running' | 'done' | 'crashed'
}

type Parked = { readonly actor: Actor; readonly go: () => void; readonly fail: (cause: Error) => void }

export type Scheduler = ReturnType<typeof createScheduler>

/**
 * A cooperative scheduler. An actor that reaches a `yieldPoint` is parked until a step selects it, so every other actor can
 * run between any two of its steps. A crashed actor never continues. The same random numbers give the same run.
 */
export function createScheduler(random: Random) {
  const current = new AsyncLocalStorage<Actor>()
  const actors = new Set<Actor>()
  let parked: Parked[] = []
  let failures = 0

  return {
    actors: actors as ReadonlySet<Actor>,
    /** Sets the probability that a yield point throws in an actor that may fail. */
    failAt: (likelihood: number) => {
      failures = likelihood
    },
    yieldPoint(): Promise<void> {
      const actor = current.getStore()
      if (actor === undefined) return Promise.resolve()
      return new Promise((go, fail) => {
        if (actor.state !== 'crashed') parked.push({ actor, go, fail })
      })
    },
    spawn(name: string, run: () => Promise<void>, { mayFail = false } = {}): Actor {
      const actor: Actor = { name, mayFail, state: 'running' }
      actors.add(actor)
      const end = () => {
        if (actor.state === 'running') actor.state = 'done'
        actors.delete(actor)
      }
      current.run(actor, () => void run().then(end, end)) // an error is already handled by the caller, which retries
      return actor
    },
    crash(actor: Actor): void {
      actor.state = 'crashed'
      actors.delete(actor)
      parked = parked.filter((one) => one.actor !== actor)
    },
    /** Lets one parked actor continue to its next yield point. Returns false if no actor is parked. */
    async step(): Promise<boolean> {
      const [chosen] = parked.splice(random.pick(parked.length), 1)
      if (chosen === undefined) return false
      if (chosen.actor.mayFail && random.next() < failures) chosen.fail(new Error('a store was throttled'))
      else chosen.go()
      await settle()
      return true
    },
    settle,
  }
}

/**
 * Resolves when every promise that can continue without a step is settled. Node runs a `nextTick` that was queued in a
 * microtask after the last microtask (https://nodejs.org/api/process.html#processnexttickcallback-args). Nothing here
 * waits for the event loop, because one turn of it takes longer than a step.
 */
function settle(): Promise<void> {
  return new Promise((resolve) => nextTick(resolve))
}
