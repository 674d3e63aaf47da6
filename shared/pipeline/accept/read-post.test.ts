import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import * as z from 'zod'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { accept } from './accept.ts'
import { readPost } from './read-post.ts'

test('the data of an event is checked against its schema once on its way in', async () => {
  let checks = 0
  const schema = z.looseObject({ metres: z.number() }).refine(() => ++checks > 0)
  const definition = {
    schema,
    key: ({ metres }: { metres: number }) => `k${metres}`,
    category: { rule: 'by distance', of: () => 'dock.near' },
    severity: { rule: 'by distance', of: () => 'low' },
  }
  const catalog = createCatalog([{ name: 'dock', topics: {}, events: { 'dock.moved': definition as never } }])
  const deps = { catalog, now: () => new Date(), newId: () => 'id' }
  const body = Buffer.from(JSON.stringify({ type: 'dock.moved', data: { metres: 3 } }))
  const append = async () => [{ topic: 'events', partition: 0, offset: 0 }]

  const { events, madeIds } = readPost({ headers: { 'content-type': 'application/json' }, body }, 'ada', deps)
  await accept(events, madeIds, { ...deps, claims: memoryClaimStore(), kafka: { append } })

  expect(events[0]).toMatchObject({ category: 'dock.near', severity: 'low', partitionkey: 'k3' })
  expect(checks).toBe(1)
})
