import { digitsOf } from '#shared/core/json/exact-json.ts'

/** The maximum size of a state in bytes of JSON: it is stored, read and sent as a whole. */
export const MAX_STATE_BYTES = 100 * 1024

/** The minimum size that is remembered, in bytes: measuring a smaller value again is cheaper. */
const MIN_REMEMBERED = 500

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const encoder = new TextEncoder()

/**
 * Returns a function that measures a value in bytes of JSON. Sizes are remembered. Since folds build new objects from
 * members of the old ones, only the parts that differ from the value `before` an event are measured; `before` never
 * changes the result.
 */
export function createStateSizes(): (value: unknown, before?: unknown) => number {
  const known = new WeakMap<object, number>()
  const sizeOf = (value: unknown, before?: unknown): number => {
    if (typeof value === 'string') return sizeOfText(value)
    if (typeof value === 'number') return sizeOfNumber(value)
    if (value === null || typeof value !== 'object') return String(value ?? null).length
    const remembered = known.get(value)
    if (remembered !== undefined) return remembered
    const digits = digitsOf(value)
    if (digits !== undefined) return digits.length
    const size = Array.isArray(value) ? sizeOfItems(value, before) : sizeOfMembers(value, before)
    if (size >= MIN_REMEMBERED) known.set(value, size)
    return size
  }
  // One byte for the opening bracket; each item or member includes a comma or the closing bracket.
  const sizeOfMembers = (value: object, before: unknown): number => {
    const others = (typeof before === 'object' && before !== null ? before : {}) as Record<string, unknown>
    let size = 1
    for (const [name, member] of Object.entries(value))
      if (member !== undefined) size += sizeOfText(name) + 1 + sizeOf(member, others[name]) + 1
    return Math.max(size, 2)
  }
  const sizeOfItems = (items: readonly unknown[], before: unknown): number => {
    const sizeBefore = Array.isArray(before) ? known.get(before) : undefined
    const others: readonly unknown[] = sizeBefore === undefined ? [] : (before as readonly unknown[])
    let size = sizeBefore ?? 1
    let next = 0
    const leaveOut = () => {
      size -= sizeOf(others[next]) + 1
      next++
    }
    for (const item of items) {
      if (item !== others[next] && item === others[next + 1]) leaveOut()
      const other = others[next]
      if (next < others.length && item === other) next++
      else {
        size += sizeOf(item, other) + 1
        if (next < others.length) leaveOut()
      }
    }
    while (next < others.length) leaveOut()
    return Math.max(size, 2)
  }
  return sizeOf
}

function sizeOfText(text: string): number {
  return PLAIN.test(text) ? text.length + 2 : encoder.encode(JSON.stringify(text)).length
}

function sizeOfNumber(value: number): number {
  if (!Number.isSafeInteger(value)) return String(value).length
  let size = value < 0 ? 2 : 1
  for (let limit = 10; limit <= Math.abs(value); limit *= 10) size++
  return size
}
