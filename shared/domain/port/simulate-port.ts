import type { Emission, Simulate } from '#shared/domain/define-domain.ts'

/** The state of the simulated port: containers in the order of arrival, and the berth of each ship. */
type SimulatedPort = {
  readonly containers: string[]
  readonly moored: Map<string, SimulatedBerth>
  readonly random: Random
}

const MOST_CONTAINERS = 60

/**
 * Simulates a port: ships are assigned berths, arrive and leave; containers arrive, are inspected and leave; sometimes
 * there is a delay, damage, an alarm or a conflict. Yields an event every 1 to 3 s of simulated time, without end.
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

/** Returns what happens next, as one or more events. */
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

/** The oldest container leaves after its inspection, or fails the inspection and stays. */
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

/** Returns an event that needs attention; sometimes it is critical. */
function simulateTrouble(port: SimulatedPort): Emission[] {
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

/** Returns a berth that is assigned twice, a security alert, or a ship in distress. */
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

/** Returns the next number, from 0 to below 1, of a deterministic sequence. */
type Random = () => number

type Place = { readonly location: string; readonly coordinates: { latitude: number; longitude: number } }

/** The berths of the simulated port, at the place of Bremerhaven's container terminals. */
const BERTHS = Array.from({ length: 8 }, (_, index) => ({
  berth: `B${index + 1}`,
  location: `${index < 4 ? 'North' : 'South'} Terminal, quay ${index + 1}`,
  coordinates: { latitude: round(53.595 - index * 0.004), longitude: round(8.524 + index * 0.0035) },
}))
type SimulatedBerth = (typeof BERTHS)[number]

const SHIPS = [
  'mv-aurora',
  'mv-borealis',
  'ever-glide',
  'hanse-merkur',
  'nordic-breeze',
  'cap-finisterre',
  'maersk-lindau',
  'cosco-tianjin',
  'msc-elba',
  'stella-maris',
  'weser-trader',
  'polar-star',
] as const

const OWNERS = ['MSKU', 'TGHU', 'HLXU', 'CMAU', 'MSCU', 'OOLU']
const CARGOS = [
  'bananas',
  'machine parts',
  'coffee',
  'furniture',
  'vaccines',
  'tyres',
  'frozen fish',
  'textiles',
]
const YARD: Place = { location: 'Yard, block C', coordinates: { latitude: 53.588, longitude: 8.537 } }

/** Returns one of the items; all are equally likely. */
function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)] as Item
}

/** Returns a whole number from `low` to `high`. */
function between(low: number, high: number, random: Random): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** Returns a container number: owner, serial number and the check digit of ISO 6346. */
export function makeContainerId(random: Random): string {
  const owner = pick(OWNERS, random)
  const serial = String(between(0, 999_999, random)).padStart(6, '0')
  return `${owner}-${serial}${checkDigit(owner + serial)}`
}

// ISO 6346 §A: letters count from 10 on, without the multiples of 11; the digit at place n weighs 2^n.
function checkDigit(text: string): number {
  const sum = [...text].reduce((total, sign, place) => total + weigh(sign) * 2 ** place, 0)
  return (sum % 11) % 10
}

function weigh(sign: string): number {
  const letter = sign.charCodeAt(0) - 65
  return letter < 0 ? Number(sign) : 10 + letter + Math.floor((letter + 9) / 10)
}

/** Returns the weight, the place and the cargo of a container. */
function describeContainer(at: Place | undefined, random: Random) {
  const { location, coordinates } = at ?? YARD
  const metadata = { cargo: pick(CARGOS, random), teu: pick([1, 2], random) }
  return { weightKg: between(40, 300, random) * 100, location, coordinates, metadata }
}

function round(degrees: number): number {
  return Math.round(degrees * 10_000) / 10_000
}
