import { beforeEach, describe, expect, test } from 'vitest'
import type { Person } from '#shared/pipeline/people/directory.ts'
import type { PersonStore } from '#shared/pipeline/people/person-store.ts'

const ADA: Person = { name: 'Ada@example.com', role: 'admin' }
/** More than one batch of writes. */
const CREW = Array.from({ length: 30 }, (_, n): Person => ({ name: `crew-${n}@example.com`, role: 'viewer' }))

/** The contract of every PersonStore. `make` opens another instance on the same data, which nothing else uses. */
export function describePersonStore(name: string, make: () => PersonStore): void {
  describe(`the PersonStore ${name}`, () => {
    beforeEach(async () => {
      await make().remove((await make().all()).map((person) => person.name))
    })

    test('has everybody who was put there and not removed', async () => {
      await make().put([ADA, ...CREW])
      await make().remove([...CREW.slice(1).map((person) => person.name), 'nobody@example.com'])

      const all = await make().all()
      expect(new Map(all.map((person) => [person.name, person.role]))).toEqual(
        new Map([
          [ADA.name, 'admin'],
          ['crew-0@example.com', 'viewer'],
        ]),
      )
      expect(all).toHaveLength(2)
    })

    test('finds a person by the name in any capitals, and says how it is spelled', async () => {
      await make().put([ADA])

      expect(await make().find('Ada@example.com')).toEqual(ADA)
      expect(await make().find('aDA@Example.com')).toEqual(ADA)
    })

    test('has one entry of a person, the last', async () => {
      await make().put([ADA])
      await make().put([{ name: 'ada@example.com', role: 'viewer' }])

      expect(await make().all()).toEqual([{ name: 'ada@example.com', role: 'viewer' }])
      await make().remove(['ADA@example.com'])
      expect(await make().all()).toEqual([])
    })

    test('knows when everybody was copied last, which is nobody', async () => {
      await make().put([ADA])
      await make().noteCopied(1_000)
      await make().noteCopied(2_000)

      expect(await make().copied()).toBe(2_000)
      expect(await make().all()).toEqual([ADA])
    })

    test('does nothing for nobody', async () => {
      await make().put([])
      await make().remove([])

      expect(await make().all()).toEqual([])
    })

    test.each(['nobody@example.com', 'ada', 'key:ci', 'with a space', ''])(
      'has none of the name "%s"',
      async (unknown) => {
        await make().put([ADA])

        expect(await make().find(unknown)).toBeNull()
      },
    )
  })
}
