import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Claim, ClaimStore } from '#shared/pipeline/claim-store.ts'

/** The contract of every ClaimStore. `make` opens another instance on the same data. */
export function describeClaimStore(name: string, make: () => ClaimStore): void {
  describe(`the ClaimStore ${name}`, () => {
    let store: ClaimStore
    let key: { source: string; id: string }

    beforeEach(() => {
      store = make()
      key = { source: '/tests', id: randomUUID() }
    })

    const claim = (offset: number): Claim => ({ topic: 't', epoch: 'e1', partition: 0, offset })

    test('a pair is claimed by the first caller, and later callers get its position', async () => {
      expect(await store.claim(key, claim(1))).toEqual(claim(1))
      expect(await make().claim(key, claim(2))).toEqual(claim(1))
      expect(await store.claim(key, claim(1))).toEqual(claim(1))
    })

    test('equal ids of different sources are different pairs', async () => {
      await store.claim(key, claim(1))
      expect(await store.claim({ ...key, source: '/other' }, claim(2))).toEqual(claim(2))
    })

    test('50 concurrent claims of a pair get the same position', async () => {
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, offset) => make().claim(key, claim(offset))),
      )
      expect(new Set(answers.map(({ offset }) => offset)).size).toBe(1)
    })

    test('a claim moves from the position that it has, once, and from no other', async () => {
      await store.claim(key, claim(1))

      expect(await store.move(key, claim(2), claim(3))).toEqual(claim(1))
      expect(await make().move(key, claim(1), claim(3))).toEqual(claim(3))
      expect(await store.move(key, claim(1), claim(4))).toEqual(claim(3))
      expect(await store.find([key])).toEqual([claim(3)])
    })

    test('moving the claim of a pair that has none claims it', async () => {
      expect(await store.move(key, claim(1), claim(2))).toEqual(claim(2))
      expect(await store.claim(key, claim(3))).toEqual(claim(2))
    })

    test('claimMade claims more pairs than fit in one batch write', async () => {
      const pairs = Array.from({ length: 130 }, (_, index) => ({
        source: `/m${index}`,
        id: key.id,
        claim: claim(index),
      }))

      await store.claimMade(pairs)

      expect(await make().find(pairs)).toEqual(pairs.map((pair) => pair.claim))
      expect(await store.claim({ source: '/m3', id: key.id }, claim(5000))).toEqual(claim(3))
      await store.claimMade([])
    })

    test('find returns claims in the order of the keys, including repeated keys, and null if there is no claim', async () => {
      const free = { ...key, source: '/free' }
      await store.claim(key, claim(7))
      expect(await make().find([free, key, free, key])).toEqual([null, claim(7), null, claim(7)])
      expect(await store.find([])).toEqual([])
    })

    test('findById returns the claims on an id with their sources, without leases and bound keys', async () => {
      const of = (source: string) => ({ ...key, source })
      await store.claim(key, claim(1))
      await store.claim(of('/other'), claim(2))
      await store.lease(of('/leased'), 'ada')
      await store.bind(of('/bound'), 'print')

      const found = await make().findById(key.id)

      expect(found.sort((a, b) => a.offset - b.offset)).toEqual([
        { ...claim(1), source: key.source },
        { ...claim(2), source: '/other' },
      ])
      expect(await store.findById(randomUUID())).toEqual([])
    })

    test('find returns more claims than fit in one batch read', async () => {
      const keys = Array.from({ length: 130 }, (_, index) => ({ ...key, source: `/s${index}` }))
      await Promise.all(keys.map((one, offset) => store.claim(one, claim(offset))))
      expect((await store.find(keys)).map((one) => one?.offset)).toEqual(keys.map((_, offset) => offset))
    })

    test('a pair is leased to one owner at a time, and to the next after its release', async () => {
      expect(await store.lease(key, 'ada')).toBe('taken')
      expect(await make().lease(key, 'bob')).toBe('in_flight')
      await store.release(key, 'bob')
      expect(await store.lease(key, 'bob')).toBe('in_flight')
      await store.release(key, 'ada')
      expect(await store.lease(key, 'bob')).toBe('taken')
    })

    test('of 50 concurrent requests for a lease one succeeds', async () => {
      const owners = Array.from({ length: 50 }, (_, index) => `owner ${index}`)
      const answers = await Promise.all(owners.map((owner) => make().lease(key, owner)))
      expect(answers.filter((answer) => answer === 'taken')).toHaveLength(1)
    })

    test('a pair can be claimed while another owner has the lease, and a release does not undo the claim', async () => {
      await store.lease(key, 'ada')
      expect(await store.find([key])).toEqual([null])

      expect(await make().claim(key, claim(1))).toEqual(claim(1))

      await store.release(key, 'ada')
      expect(await store.lease(key, 'ada')).toEqual(claim(1))
      expect(await store.find([key])).toEqual([claim(1)])
    })

    test('a claim keeps the digest of its event', async () => {
      const [mine, others] = [claim(1), claim(2)].map((one, index) => ({ ...one, digest: `d${index}` }))
      if (!mine || !others) throw new Error('two claims')
      expect(await store.claim(key, mine)).toEqual(mine)
      expect(await make().claim(key, others)).toEqual(mine)
      expect(await store.find([key])).toEqual([mine])
      expect(await store.lease(key, 'ada')).toEqual(mine)
    })

    test('the claim of a position is valid with or without its epoch', async () => {
      const { epoch: _, ...position } = claim(1)
      expect(await store.claim(key, position)).toEqual(position)
      expect(await store.claim(key, claim(1))).toMatchObject(position)
      expect(await store.claim(key, claim(2))).toMatchObject(position)
    })

    test('bind binds a key to the first fingerprint, even with 20 concurrent calls', async () => {
      const prints = Array.from({ length: 20 }, (_, index) => `print ${index}`)
      const bound = await Promise.all(prints.map((print) => make().bind(key, print)))
      expect(new Set(bound).size).toBe(1)
      expect(await store.bind(key, 'another')).toBe(bound[0])
    })
  })
}
