import { expect, test } from 'vitest'
import { memoryPersonStore } from '#shared/testing/memory/memory-person-store.ts'
import { copyPeople } from './copy-people.ts'
import type { Person } from './directory.ts'

const ADA: Person = { name: 'ada@example.com', role: 'admin' }
const BOB: Person = { name: 'bob@example.com', role: 'viewer' }
const ZOE: Person = { name: 'zoe@example.com', role: 'operator' }

async function openWorld(known: readonly Person[]) {
  const memory = memoryPersonStore()
  await memory.put(known)
  const writes: unknown[] = []
  const store: typeof memory = {
    ...memory,
    put: async (people) => {
      if (people.length > 0) writes.push(['put', people])
      await memory.put(people)
    },
    remove: async (names) => {
      if (names.length > 0) writes.push(['remove', names])
      await memory.remove(names)
    },
  }
  const copy = (all: () => Promise<readonly Person[]>) =>
    copyPeople({ people: { all }, store, now: () => 5_000 })
  return { copy, writes, all: memory.all, copied: memory.copied }
}

test('only what differs is written: who is new, who has another role or spelling, and who is gone', async () => {
  const { copy, writes, all } = await openWorld([ADA, BOB, { ...ZOE, name: 'Zoe@example.com' }])
  const listed: Person[] = [{ ...BOB, role: 'operator' }, ZOE, { name: 'eve@example.com', role: 'viewer' }]

  await copy(async () => listed)

  expect(writes).toEqual([
    ['put', listed],
    ['remove', [ADA.name]],
  ])
  expect(await all()).toHaveLength(3)
  await copy(async () => listed)
  expect(writes).toHaveLength(2)
})

test('a list that fails changes nothing, and is told', async () => {
  const { copy, writes, copied } = await openWorld([ADA, BOB])

  await expect(copy(() => Promise.reject(new Error('too many requests')))).rejects.toThrow('too many')
  expect(await copied()).toBeNull()

  expect(writes).toEqual([])
})

test('an empty list removes nobody', async () => {
  const { copy, all } = await openWorld([ADA, BOB])

  await copy(async () => [])

  expect(await all()).toEqual([ADA, BOB])
})
