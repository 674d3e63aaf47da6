/** A state is at most so many bytes of JSON: it is stored, read and sent as a whole. */
export const MOST_STATE_BYTES = 100 * 1024

const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
const encoder = new TextEncoder()

/**
 * How many bytes of JSON a value is. What the size of an object was before is remembered: folds make new objects of
 * the old ones' members, so that after an event only what changed is looked at.
 */
export function createStateSizes(): (value: unknown) => number {
  const known = new WeakMap<object, number>()
  const sizeOf = (value: unknown): number => {
    if (typeof value === 'string') return sizeOfText(value)
    if (value === null || typeof value !== 'object') return String(value).length
    const size = known.get(value) ?? sizeOfMembers(value)
    known.set(value, size)
    return size
  }
  const sizeOfMembers = (value: object): number => {
    let size = 1 // each member with a comma or the closing bracket, and the opening one
    if (Array.isArray(value)) for (const item of value) size += sizeOf(item ?? null) + 1
    else
      for (const [name, member] of Object.entries(value))
        if (member !== undefined) size += sizeOfText(name) + 1 + sizeOf(member) + 1
    return Math.max(size, 2)
  }
  return sizeOf
}

function sizeOfText(text: string): number {
  return PLAIN.test(text) ? text.length + 2 : encoder.encode(JSON.stringify(text)).length
}
