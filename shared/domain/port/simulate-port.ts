import type { Emission, Simulate } from '#shared/domain/define-domain.ts'
import { simulateTrouble } from './simulate-trouble.ts'
import {
  BERTHS,
  between,
  describeContainer,
  makeContainerId,
  pick,
  type Random,
  SHIPS,
  type SimulatedBerth,
} from './simulated-port.ts'

/** What lies in the simulated port: containers in the order they came, and which ship has which berth. */
export type SimulatedPort = {
  readonly containers: string[]
  readonly moored: Map<string, SimulatedBerth>
  readonly random: Random
}

const MOST_CONTAINERS = 60

/**
 * A port at work: ships get berths, arrive, unload and leave; containers come, are inspected and go; now and then
 * something is late, damaged, too warm or in the way. An event every 1 to 3 s of simulated time, without end.
 */
export const simulatePort: Simulate = function* simulatePort(random, begin) {
  const port: SimulatedPort = { containers: [], moored: new Map(), random }
  const queue: Emission[] = []
  for (let elapsed = 0; ; ) {
    if (queue.length === 0) queue.push(...happen(port))
    const next = queue.shift()
    if (next === undefined) continue // nothing happened
    const waitMs = between(1000, 3000, random)
    elapsed += waitMs
    yield { waitMs, event: { ...next, time: new Date(begin + elapsed).toISOString() } }
  }
}

/** What happens next, as one or more events in a row. */
function happen(port: SimulatedPort): Emission[] {
  const { containers, moored, random } = port
  const dice = random()
  if (moored.size < 2 || (dice < 0.12 && moored.size < 6)) return shipArrives(port)
  if (dice < 0.2 && moored.size > 3) return shipDeparts(port)
  if (dice < 0.55 && containers.length < MOST_CONTAINERS) return containerArrives(port)
  if (dice < 0.72 || containers.length === MOST_CONTAINERS) return containerLeaves(port)
  return simulateTrouble(port)
}

function shipArrives({ moored, random }: SimulatedPort): Emission[] {
  const ship = pick(
    SHIPS.filter((name) => !moored.has(name)),
    random,
  )
  const taken = new Set(moored.values())
  const place = pick(
    BERTHS.filter((one) => !taken.has(one)),
    random,
  )
  const { berth, location, coordinates } = place
  moored.set(ship, place)
  return [
    {
      type: 'port.berth.assigned',
      subject: berth,
      data: { title: `Berth ${berth} for ${ship}`, berthId: berth, shipId: ship, location, coordinates },
    },
    {
      type: 'port.ship.arrived',
      subject: ship,
      data: {
        title: `${ship} made fast at ${berth}`,
        shipId: ship,
        berth,
        location,
        coordinates,
        metadata: { draughtM: between(80, 155, random) / 10, containers: between(200, 4000, random) },
      },
    },
  ]
}

function shipDeparts({ moored, random }: SimulatedPort): Emission[] {
  const [ship, { berth, location, coordinates }] = pick([...moored], random)
  moored.delete(ship)
  const data = { title: `${ship} left ${berth}`, shipId: ship, berth, location, coordinates }
  return [{ type: 'port.ship.departed', subject: ship, data }]
}

function containerArrives({ containers, moored, random }: SimulatedPort): Emission[] {
  const containerId = makeContainerId(random)
  const place = pick([...moored.values()], random)
  containers.push(containerId)
  const data = { containerId, berth: place.berth, ...describeContainer(place, random) }
  return [{ type: 'port.container.arrived', subject: containerId, data }]
}

/** The oldest one leaves, after its inspection. */
function containerLeaves({ containers, random }: SimulatedPort): Emission[] {
  const containerId = containers.shift()
  if (containerId === undefined) return []
  const about = { subject: containerId, data: { containerId } }
  if (random() < 0.12) {
    containers.push(containerId)
    const data = { containerId, description: 'The seal is broken.', requiresAction: true, priority: 'high' }
    return [{ type: 'port.container.inspection-failed', subject: containerId, data }]
  }
  return [
    { type: 'port.container.inspection-passed', ...about },
    { type: 'port.container.departed', ...about },
  ]
}
