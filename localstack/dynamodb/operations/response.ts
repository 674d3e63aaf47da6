import { type Input, optionalText } from './request.ts'

/** Returns the JSON of an object whose members are JSON already; undefined members are left out. */
export function jsonObject(members: Readonly<Record<string, string | undefined>>): string {
  const present = Object.entries(members).filter(([, json]) => json !== undefined)
  return `{${present.map(([name, json]) => `"${name}":${json}`).join(',')}}`
}

const READ_UNIT = 4096
const WRITE_UNIT = 1024

/** Whether a request asks for the units that it consumed. */
export function doesCount(input: Input): boolean {
  const asked = optionalText(input, 'ReturnConsumedCapacity', ['INDEXES', 'TOTAL', 'NONE'])
  return asked !== undefined && asked !== 'NONE'
}

/** The units of reading so many bytes: at least one block of 4 KB; half of it unless consistent. */
export function readUnits(bytes: number, isConsistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT)) * (isConsistent ? 1 : 0.5)
}

/** The units of a write: a unit for each begun KB of the larger of the item before and after it. */
export function writeUnits(before: number, after: number): number {
  return Math.max(1, Math.ceil(Math.max(before, after) / WRITE_UNIT))
}

/** Returns the member ConsumedCapacity of a response for one table, if the request asks for it. */
export function consumedCapacity(input: Input, table: string, units: number): string | undefined {
  return doesCount(input) ? capacityOf(input, table, units) : undefined
}

/** Returns the member ConsumedCapacity of a response for several tables, if the request asks for it. */
export function consumedCapacities(input: Input, units: ReadonlyMap<string, number>): string | undefined {
  if (!doesCount(input)) return undefined
  return `[${[...units].map(([table, amount]) => capacityOf(input, table, amount)).join(',')}]`
}

function capacityOf(input: Input, TableName: string, CapacityUnits: number): string {
  const total = { TableName, CapacityUnits }
  return JSON.stringify(
    input.ReturnConsumedCapacity === 'INDEXES' ? { ...total, Table: { CapacityUnits } } : total,
  )
}
