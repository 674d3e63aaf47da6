import { describe, expect, test } from 'vitest'
import type { ClaimKey } from '#shared/pipeline/claim-store.ts'
import { book, inLibrary, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { foldBatch, untilClaimed } from './fold.ts'

const keysOf = (count: number) => Array.from({ length: count }, (_, n) => ({ source: '/s', id: `e${n}` }))
const claimOf = (offset: number) => ({ topic: 't', epoch: 'e1', partition: 0, offset })

/** Claims that appear during the n-th pause, and what is asked of them. */
function makeClaims(pausesBefore: number, keys: readonly ClaimKey[]) {
  const claims = memoryClaimStore()
  const pauses: number[] = []
  const asked: number[] = []
  const sleep = async (ms: number) => {
    if (pauses.push(ms) === pausesBefore)
      for (const [offset, key] of keys.entries()) await claims.claim(key, claimOf(offset))
  }
  const find = async (wanted: readonly ClaimKey[]) => {
    asked.push(wanted.length)
    return claims.find(wanted)
  }
  return { claims: { find }, pauses, asked, sleep }
}

describe('a fold waits for the claims of its events', () => {
  test('with increasing pauses, until all of them are there', async () => {
    const keys = keysOf(2)
    const { claims, pauses, asked, sleep } = makeClaims(3, keys)

    expect(await untilClaimed(keys, claims, sleep)).toEqual([claimOf(0), claimOf(1)])

    expect(pauses).toEqual([20, 40, 80])
    expect(asked).toEqual([2, 2, 2, 2])
  })

  test('with one request if they are there', async () => {
    const keys = keysOf(1)
    const { claims, pauses, asked, sleep } = makeClaims(1, keys)
    await sleep(0)

    expect(await untilClaimed(keys, claims, sleep)).toEqual([claimOf(0)])

    expect([pauses, asked]).toEqual([[0], [1]])
  })

  test('of which it asks for the last one alone as long as many are missing', async () => {
    const keys = keysOf(300)
    const { claims, asked, sleep } = makeClaims(2, keys)

    const found = await untilClaimed(keys, claims, sleep)

    expect(found.map((claim) => claim?.offset)).toEqual([...keys.keys()])
    expect(asked).toEqual([1, 1, 1, 299])
  })

  test('no longer than a little more than a second', async () => {
    const keys = keysOf(3)
    const { claims, pauses, sleep } = makeClaims(2, keys.slice(0, 2))

    expect(await untilClaimed(keys, claims, sleep)).toEqual([claimOf(0), claimOf(1), null])

    expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(1260)
  })

  test('and reads the claims of another consumer instead of writing its own', async () => {
    const { deps } = makeFoldDeps()
    const claimed: string[] = []
    const claims = {
      ...deps.claims,
      claim: (...given: Parameters<typeof deps.claims.claim>) => {
        claimed.push(given[0].id)
        return deps.claims.claim(...given)
      },
    }
    const events = [0, 1].map((n) => book(`b${n}`, 's', 'a'))
    const records = events.map((event, offset) => inLibrary({ offset }, event))
    const sleep = async () => {
      for (const [offset, event] of events.entries())
        await deps.claims.claim(event, { topic: 'library', partition: 0, offset })
    }

    const counts = await foldBatch(records, { ...deps, claims, sleep })

    expect(counts.events).toBe(2)
    expect(claimed).toEqual([])
  })
})
