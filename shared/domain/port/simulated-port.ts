/** A number from 0 to 1, the next of a deterministic sequence. */
export type Random = () => number

type Place = { readonly location: string; readonly coordinates: { latitude: number; longitude: number } }

/** The berths of the simulated port, which lies where Bremerhaven's container terminals do. */
export const BERTHS = Array.from({ length: 8 }, (_, index) => ({
  berth: `B${index + 1}`,
  location: `${index < 4 ? 'North' : 'South'} Terminal, quay ${index + 1}`,
  coordinates: { latitude: round(53.595 - index * 0.004), longitude: round(8.524 + index * 0.0035) },
}))
export type SimulatedBerth = (typeof BERTHS)[number]

export const SHIPS = [
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

/** One of these, each as likely as the others. */
export function pick<Item>(items: readonly Item[], random: Random): Item {
  return items[Math.floor(random() * items.length)] as Item
}

/** A whole number from `low` to `high`. */
export function between(low: number, high: number, random: Random): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** A container number: owner, serial number and the check digit of ISO 6346. */
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

/** What a container carries and where it stands. */
export function describeContainer(at: Place | undefined, random: Random) {
  const { location, coordinates } = at ?? YARD
  const metadata = { cargo: pick(CARGOS, random), teu: pick([1, 2], random) }
  return { weightKg: between(40, 300, random) * 100, location, coordinates, metadata }
}

function round(degrees: number): number {
  return Math.round(degrees * 10_000) / 10_000
}
