import { expect, test } from 'vitest'
import { createScript, eventAt } from '#shared/testing/client/scripted-server.ts'
import type { Replayed } from './connect.ts'

test('what is replayed to the connection goes to onReplay, and to no subscription', async () => {
  const replayed: Replayed[] = []
  const { tidewire, opened } = createScript({ onReplay: (one) => void replayed.push(one) })
  const got: number[] = []
  tidewire.subscribe({ channels: ['a.*'] }, ({ offset }) => got.push(offset))
  const socket = await opened()
  await socket.accept('t@e1:0=5', 's1')

  await socket.frame({ type: 'replay', replay: 'r1', events: [eventAt(1), eventAt(2)] })
  await socket.frame({ type: 'events', ids: ['s1'], events: [eventAt(6)] })

  expect(replayed).toEqual([{ replay: 'r1', events: [eventAt(1), eventAt(2)] }])
  expect(got).toEqual([6])
})

test('without onReplay it is dropped', async () => {
  const { tidewire, opened } = createScript()
  tidewire.subscribe({ channels: ['a.*'] }, () => {})
  const socket = await opened()
  await socket.accept('t@e1:0=5', 's1')

  await socket.frame({ type: 'replay', replay: 'r1', events: [eventAt(1)] })

  expect(tidewire.state).toBe('live')
})
