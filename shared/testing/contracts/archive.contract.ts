import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Archive } from '#shared/pipeline/archive/archive.ts'

/** The contract of every Archive. */
export function describeArchive(name: string, make: () => Archive): void {
  describe(`the Archive ${name}`, () => {
    const bytesOf = (text: string) => Buffer.from(text)
    const textOf = async (key: string) => {
      const object = await archive.get(key)
      return object === null ? null : Buffer.from(object.bytes).toString()
    }
    let archive: Archive
    let topic: string
    let key: string
    beforeEach(() => {
      archive = make()
      topic = `t-${randomUUID()}`
      key = `${topic}/0/00000000000000000001-00000000000000000002.ndjson.gz`
    })

    test('returns the bytes that were put', async () => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)

      expect(await archive.put(key, bytes)).toBe(true)

      expect([...((await archive.get(key))?.bytes ?? [])]).toEqual([...bytes])
    })

    test('has nothing under a key that was never put', async () => {
      expect(await archive.get(key)).toBeNull()
    })

    test('keeps what is there when it is put again', async () => {
      await archive.put(key, bytesOf('one'))

      expect(await archive.put(key, bytesOf('two'))).toBe(false)

      expect(await textOf(key)).toBe('one')
    })

    test('replaces the version that was read', async () => {
      await archive.put(key, bytesOf('one'))
      const before = await archive.get(key)

      expect(await archive.replace(key, bytesOf('two'), before?.version ?? '')).toBe(true)

      expect(await textOf(key)).toBe('two')
      expect((await archive.get(key))?.version).not.toBe(before?.version)
    })

    test('keeps what another worker has put in its place', async () => {
      await archive.put(key, bytesOf('one'))
      const before = await archive.get(key)
      await archive.replace(key, bytesOf('two'), before?.version ?? '')

      expect(await archive.replace(key, bytesOf('three'), before?.version ?? '')).toBe(false)

      expect(await textOf(key)).toBe('two')
    })

    test('lists the keys of a prefix after another one, in their order', async () => {
      for (const part of ['0/b', '0/c', '0/a', '1/d']) await archive.put(`${topic}/${part}`, bytesOf('x'))
      await archive.put(`${topic}-2/0/b`, bytesOf('x'))

      expect(await archive.list(`${topic}/0/`, '')).toEqual([`${topic}/0/a`, `${topic}/0/b`, `${topic}/0/c`])
      expect(await archive.list(`${topic}/0/`, `${topic}/0/a`)).toEqual([`${topic}/0/b`, `${topic}/0/c`])
      expect(await archive.list(`${topic}/0/`, `${topic}/0/c`)).toEqual([])
    })
  })
}
