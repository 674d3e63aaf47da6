import type { Actor } from './scheduler.ts'
import type { World } from './world.ts'

/**
 * Crashes a sandbox at its current step. If it is a worker, `takeOver` starts another that continues its partitions from
 * the committed offsets. Returns the workers after the crash.
 */
export function crashSomebody<W extends { readonly actor: Actor }>(
  { random, scheduler, note }: World,
  workers: readonly W[],
  takeOver: (dead: W) => W,
): W[] {
  const mortal = [...scheduler.actors].filter(({ mayFail }) => mayFail)
  const actor = mortal[random.pick(mortal.length)]
  if (actor === undefined) return [...workers]
  note(`${actor.name} crashes`)
  scheduler.crash(actor)
  const dead = workers.find((one) => one.actor === actor)
  if (dead === undefined) return [...workers]
  return [...workers.filter((one) => one !== dead), takeOver(dead)]
}
