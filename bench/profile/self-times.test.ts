import { expect, it } from 'vitest'
import { ownerOf, selfTimes } from './self-times.ts'

const frame = (url: string, functionName = 'f') => ownerOf({ functionName, url })

it('a function belongs to its innermost package', () => {
  expect(frame('file:///t/node_modules/kafkajs/src/network/connection.js')).toBe('kafkajs')
  expect(frame('file:///t/node_modules/@smithy/core/dist/index.js')).toBe('@smithy/core')
  expect(frame('/t/node_modules/a/node_modules/b/index.js')).toBe('b')
})

it('a built-in module and what has no source are named as they are', () => {
  expect(frame('node:net')).toBe('node:net')
  expect(frame('node:internal/streams/writable')).toBe('node:streams')
  expect(frame('', '(garbage collector)')).toBe('(garbage collector)')
  expect(frame('', 'writev')).toBe('native')
})

it('our own code is told by two folders of its room', () => {
  expect(frame('file:///home/t/shared/pipeline/deliver/deliver.ts')).toBe('shared/pipeline/deliver')
  expect(frame('file:///home/t/functions/deliver.ts')).toBe('functions')
  expect(frame('file:///home/bench/localstack/broker/wire/frame.ts')).toBe('localstack/broker/wire')
  expect(frame('file:///home/t/bench/profile/probe.ts')).toBe('bench/profile')
})

it('self time is summed up by owner, and time idle is not counted', () => {
  const node = (id: number, functionName: string, url: string) => ({ id, callFrame: { functionName, url } })
  const times = selfTimes({
    nodes: [node(1, 'read', 'node:net'), node(2, '(idle)', ''), node(3, 'send', '/x/node_modules/ws/ws.js')],
    samples: [1, 2, 3, 1],
    timeDeltas: [1000, 5000, 2000, 3000],
  })
  expect([...times]).toEqual([
    ['node:net', 4],
    ['ws', 2],
  ])
})
