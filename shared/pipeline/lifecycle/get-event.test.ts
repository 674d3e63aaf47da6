import { expect, test } from 'vitest'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { createCaseWorld, publishTo } from '#shared/testing/lifecycle/case-world.ts'
import { getEvent } from './get-event.ts'

test('an event that is erased has no data in its state either, before the views have folded the erasure', async () => {
  const world = createCaseWorld()
  const receipt = await publishTo(world, 'd1', { data: { title: 'Ozymandias' } })
  const wanted = { id: 'd1', principal: makePrincipal() }
  const before = await getEvent(wanted, world)
  const { topic = '', partition = 0, offset = 0 } = receipt ?? {}
  const { epoch } = await world.store.topic(topic)

  await world.store.erase({ topic, epoch, partition }, offset, '2026-03-01T10:00:00Z')

  const after = await getEvent(wanted, world)
  expect(JSON.stringify(before.body)).toContain('Ozymandias')
  expect(JSON.stringify(after.body)).not.toContain('Ozymandias')
  expect(after.body.state).toMatchObject({ isErased: true, status: 'new' })
  expect(after.tag).not.toBe(before.tag)
})
