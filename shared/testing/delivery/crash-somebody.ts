import type { Actor } from './scheduler.ts'
import type { World } from './world.ts'

/**
 * A sandbox dies where it stands. If it is one of the workers, `takeOver` starts another that goes on with its
 * partitions from what is committed. Answers the workers that there are then.
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
