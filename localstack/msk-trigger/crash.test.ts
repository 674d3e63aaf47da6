import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createTestCluster, numbers, startRecordingTrigger } from './testing/test-cluster.ts'

let cluster: Awaited<ReturnType<typeof createTestCluster>>
beforeAll(async () => {
  cluster = await createTestCluster()
})
afterAll(() => cluster.close())

/**
 * Runs a trigger in its own process until it has made `count` invocations, then kills it with SIGKILL. Returns the
 * offsets that it invoked with, also those that it still managed before it was killed.
 */
async function killAfter(count: number, topic: string, groupId: string): Promise<number[]> {
  const script = join(import.meta.dirname, 'testing/trigger-process.ts')
  const child = spawn(process.execPath, [script, cluster.brokers.join(','), topic, groupId])
  const exited = once(child, 'exit')
  const offsets: number[] = []
  let invocations = 0
  for await (const line of createInterface(child.stdout)) {
    offsets.push(...JSON.parse(line))
    invocations += 1
    if (invocations === count) child.kill('SIGKILL')
  }
  await exited
  return offsets
}

test('a trigger that is killed loses and skips nothing', async () => {
  const topic = await cluster.createTopic()
  const groupId = `g-${topic}`
  await cluster.produce(topic, numbers(0, 400))
  const killed = await killAfter(7, topic, groupId)
  const [committed = -1] = await cluster.committed(groupId, topic)
  const next = await startRecordingTrigger({ brokers: cluster.brokers, topic, groupId })
  await vi.waitFor(async () => expect(await cluster.committed(groupId, topic)).toEqual([400]), {
    timeout: 30_000,
    interval: 50,
  })
  await next.stop()

  const offsets = next.invocations.flatMap((invocation) => invocation.offsets)
  expect(killed.length).toBeGreaterThanOrEqual(35)
  expect(killed).toEqual(Array.from({ length: killed.length }, (_, offset) => offset))
  expect(offsets[0]).toBeLessThanOrEqual(killed.length)
  expect(offsets[0]).toBe(Math.max(committed, 0))
  expect(new Set([...killed, ...offsets]).size).toBe(400)
}, 60_000)

test('the trigger survives the loss of its broker and reports it once', async ({ skip }) => {
  const { restartBroker } = cluster
  if (!restartBroker) {
    console.log('skipping the broker restart: the cluster of KAFKA_BROKERS is not ours to restart')
    return skip()
  }
  const topic = await cluster.createTopic(2)
  const trigger = await startRecordingTrigger({ brokers: cluster.brokers, topic })
  await cluster.produce(topic, numbers(0, 10))
  await vi.waitFor(async () => expect(await cluster.committed(trigger.groupId, topic)).toEqual([10, -1]), {
    timeout: 15_000,
  })
  await restartBroker(() =>
    vi.waitFor(() => expect(trigger.log.join()).toContain('lost Kafka'), { timeout: 15_000 }),
  )
  await cluster.produce(topic, numbers(10, 20))
  await cluster.produce(topic, numbers(0, 5), 1)
  await vi.waitFor(async () => expect(await cluster.committed(trigger.groupId, topic)).toEqual([20, 5]), {
    timeout: 30_000,
  })
  await trigger.stop()

  const own = trigger.invocations.filter(({ partition }) => partition === 0)
  expect(own.flatMap(({ values }) => values)).toEqual(numbers(0, 20))
  expect(trigger.log).toEqual([
    expect.stringContaining('lost Kafka'),
    expect.stringContaining(`consuming ${topic} again`),
  ])
}, 60_000)
