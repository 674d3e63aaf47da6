import type { StartingPosition } from './mapping.ts'

export type Fail = (problem: string) => never
export type Fields = Record<string, unknown>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

type Bounds = { name: string; min: number; max: number; fail: Fail }

/** Reads a whole number within bounds; CloudFormation also takes it as text. Undefined when absent. */
export function readInteger(value: unknown, { name, min, max, fail }: Bounds): number | undefined {
  if (value === undefined || value === null) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number < min || number > max) {
    return fail(`${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`)
  }
  return number
}

/** Reads a limit for which -1 (or nothing) means none, as Infinity. */
export function readLimit(value: unknown, bounds: Bounds): number {
  if (Number(value) === -1) return Number.POSITIVE_INFINITY
  return readInteger(value, bounds) ?? Number.POSITIVE_INFINITY
}

/** Reads StartingPosition; its timestamp is Unix time in seconds, as in CloudFormation. */
export function readStartingPosition(position: unknown, timestamp: unknown, fail: Fail): StartingPosition {
  if (position === 'LATEST') return { at: position }
  if (position === undefined || position === 'TRIM_HORIZON') return { at: 'TRIM_HORIZON' }
  if (position !== 'AT_TIMESTAMP') {
    return fail(
      `startingPosition must be LATEST, TRIM_HORIZON or AT_TIMESTAMP, not ${JSON.stringify(position)}`,
    )
  }
  if (typeof timestamp !== 'number' || timestamp < 0) {
    return fail('startingPosition AT_TIMESTAMP needs startingPositionTimestamp, in seconds')
  }
  return { at: position, timestamp: timestamp * 1000 }
}

type OnFailure = { destination?: string; topic?: string }

/** Reads the on-failure destination; only `kafka://topic` can be written to locally. */
export function readOnFailure(destinationConfig: unknown, topic: string, fail: Fail): OnFailure {
  const onFailure = isFields(destinationConfig) ? destinationConfig.OnFailure : undefined
  const destination = isFields(onFailure) ? onFailure.Destination : undefined
  if (destination === undefined) return {}
  // An intrinsic such as Fn::GetAtt of a queue: a destination, though not one that exists here.
  if (typeof destination !== 'string') return { destination: JSON.stringify(destination) }
  if (!destination.startsWith('kafka://')) return { destination }
  const name = destination.slice('kafka://'.length)
  if (name === '' || name === topic) return fail(`the on-failure topic must be another topic than ${topic}`)
  return { destination, topic: name }
}
