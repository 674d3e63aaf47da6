import type { Emission } from '#shared/domain/define-domain.ts'
import type { SimulatedPort } from './simulate-port.ts'
import { BERTHS, between, describeContainer, makeContainerId, pick, SHIPS } from './simulated-port.ts'

/** Something that somebody should look at; now and then it is critical. */
export function simulateTrouble(port: SimulatedPort): Emission[] {
  const { random } = port
  const dice = random()
  if (dice < 0.45) return [delay(port)]
  if (dice < 0.75) return [containerTrouble(port)]
  if (dice < 0.86) return [notice(port)]
  if (dice < 0.95) return systemTrouble(port)
  return [critical(port)]
}

function delay({ moored, random }: SimulatedPort): Emission {
  const minutes = between(3, 60, random) * 10
  if (random() < 0.6) {
    const containerId = makeContainerId(random)
    return { type: 'port.container.delayed', subject: containerId, data: { containerId, minutes } }
  }
  const shipId = pick(
    SHIPS.filter((name) => !moored.has(name)),
    random,
  )
  const data = { title: `${shipId} will be ${minutes} minutes late`, shipId, minutes }
  return { type: 'port.ship.delayed', subject: shipId, data }
}

function containerTrouble({ containers, random }: SimulatedPort): Emission {
  const containerId = containers.length > 0 ? pick(containers, random) : makeContainerId(random)
  const about = { containerId, requiresAction: true, ...describeContainer(undefined, random) }
  const kind = pick(['damaged', 'customs-hold', 'temperature-alarm'] as const, random)
  const more = {
    damaged: { description: pick(['Dent in the left wall', 'Door does not close', 'Roof torn'], random) },
    'customs-hold': { description: 'Papers do not match the load' },
    'temperature-alarm': { setpoint: -18, temperature: between(-160, -120, random) / 10 },
  }[kind]
  return { type: `port.container.${kind}`, subject: containerId, data: { ...about, ...more } }
}

function notice({ random }: SimulatedPort): Emission {
  if (random() < 0.5)
    return {
      type: 'port.weather-warning',
      data: { title: `Wind from the north-west, ${between(7, 10, random)} Beaufort`, priority: 'high' },
    }
  return { type: 'port.notice', data: { title: `Gate ${between(1, 6, random)} is closed for an hour` } }
}

function systemTrouble({ random }: SimulatedPort): Emission[] {
  const crane = `Crane ${between(1, 12, random)}`
  const failure = { title: `${crane} stopped`, requiresAction: true, metadata: { crane } }
  return [
    { type: 'port.system.failure', subject: crane, data: failure },
    {
      type: 'port.system.recovered',
      subject: crane,
      data: { title: `${crane} works again`, metadata: { crane } },
    },
  ]
}

/** A berth that is given away twice, an alarm, or a ship in distress. */
function critical({ moored, random }: SimulatedPort): Emission {
  const kind = pick(['berth', 'security', 'distress'] as const, random)
  const other = pick(
    SHIPS.filter((name) => !moored.has(name)),
    random,
  )
  if (kind === 'berth') {
    const { berth, location, coordinates } = pick([...moored.values()], random) ?? BERTHS[0]
    const data = {
      title: `Berth ${berth} for ${other}`,
      berthId: berth,
      shipId: other,
      location,
      coordinates,
    }
    return { type: 'port.berth.assigned', subject: berth, data }
  }
  if (kind === 'security') {
    const data = {
      title: `Fence open at gate ${between(1, 6, random)}`,
      requiresAction: true,
      priority: 'urgent',
    }
    return { type: 'port.security-alert', data }
  }
  const coordinates = { latitude: between(538_000, 541_000, random) / 10_000, longitude: 8.1 }
  const data = { title: `${other}: engine failure under way`, shipId: other, coordinates, priority: 'urgent' }
  return { type: 'port.ship.distress', subject: other, data }
}
