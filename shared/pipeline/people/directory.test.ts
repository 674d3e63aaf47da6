import { beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryPeople } from '#shared/testing/memory/memory-people.ts'
import { createDirectory, type Directory, type Person } from './directory.ts'

const PEOPLE: readonly Person[] = [
  { name: 'zoe@example.com', role: 'viewer' },
  { name: 'Ada@example.com', role: 'admin' },
  { name: 'bob@example.com', role: 'operator' },
]

let time: number
let known: Person[]
let calls: string[]
let fail: Error | null
let directory: Directory

beforeEach(() => {
  time = 0
  known = [...PEOPLE]
  calls = []
  fail = null
  const people = memoryPeople(known)
  const answer = <Value>(call: string, run: () => Promise<Value>) => {
    calls.push(call)
    return fail ? Promise.reject(fail) : run()
  }
  directory = createDirectory(
    {
      all: () => answer('all', people.all),
      signOut: (name) => answer(`out ${name}`, () => people.signOut(name)),
    },
    { now: () => time },
  )
})
const names = async (q: string, limit = 50) => (await directory.list({ q, limit })).map(({ name }) => name)

describe('a list', () => {
  test('is sorted, and has whose name contains the text, ignoring case', async () => {
    expect(await names('')).toEqual(['Ada@example.com', 'bob@example.com', 'zoe@example.com'])
    expect(await names('ADA')).toEqual(['Ada@example.com'])
    expect(await names('@EXAMPLE', 2)).toEqual(['Ada@example.com', 'bob@example.com'])
    expect(await names('nobody')).toEqual([])
  })

  test('asks the pool once in 30 s, whatever is searched', async () => {
    await Promise.all([names('a'), names('b'), names('')])
    known.push({ name: 'eve@example.com', role: 'viewer' })
    time = 29_999
    expect(await names('eve')).toEqual([])
    expect(calls).toEqual(['all'])

    time = 30_000
    expect(await names('eve')).toEqual(['eve@example.com'])
  })
})

test('a pool that cannot be asked is an outage, with its cause, and is asked again at once', async () => {
  fail = new Error('too many requests')
  const outage = expect.objectContaining({ code: 'unavailable', retryAfterSeconds: 2, cause: fail })
  await expect(directory.signOut('bob@example.com')).rejects.toEqual(outage)
  await expect(names('')).rejects.toEqual(outage)

  fail = null

  await vi.waitFor(async () => expect(await names('bob')).toEqual(['bob@example.com']))
})
