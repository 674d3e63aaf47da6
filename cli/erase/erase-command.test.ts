import { afterEach, expect, test } from 'vitest'
import { type FakeApi, type Routes, startFakeApi } from '../testing/fake-api.ts'
import { runInProcess } from '../testing/run-in-process.ts'

const ERASED = {
  id: 'e9',
  also: [{ id: 'm1', source: 'urn:tidewire:moves' }],
  views: 'done',
  kafka: [{ topic: 'container-events', partition: 0, offset: 12, until: '2026-05-24T08:00:00.000Z' }],
}

let api: FakeApi | undefined
afterEach(() => api?.stop())

async function erase(args: readonly string[], routes: Routes) {
  api = await startFakeApi(routes)
  const ran = await runInProcess(['erase', ...args], {
    env: { TIDEWIRE_URL: api.url, TIDEWIRE_API_KEY: 'k' },
  })
  return { ...ran, asked: api.asked }
}
const accepted: Routes = { 'POST /events/a%2F1/erase': { status: 202, body: ERASED } }
const ARGS = ['a/1', '--reason', 'ticket 4711', '--source', '/gates', '--yes']

test('an event is erased with the reason, and what was erased with it and what Kafka keeps are printed', async () => {
  const { code, stdout, stderr, asked } = await erase(ARGS, accepted)

  expect(code).toBe(0)
  expect(asked).toMatchObject([{ query: { source: '/gates' }, body: { reason: 'ticket 4711' } }])
  expect(stdout).toBe(
    'the data of a/1 is erased, and the views have forgotten it\n  with it: m1 of urn:tidewire:moves\n',
  )
  expect(stderr).toBe('Kafka still has 1 record:\n  container-events/0/12 until 2026-05-24T08:00:00.000Z\n')
})

test('--json prints what the server returns', async () => {
  const { stdout, stderr } = await erase([...ARGS, '--json'], accepted)

  expect(JSON.parse(stdout)).toEqual(ERASED)
  expect(stderr).toBe('')
})

test.each([
  [403, 'The role viewer may not do this.', 4],
  [404, 'There is no event "a/1" here, or no longer.', 1],
  [409, 'Two events have this id; name its source.', 1],
])('the reason is printed when the server returns %i', async (status, detail, exitCode) => {
  const { code, stderr } = await erase(ARGS, { 'POST /events/a%2F1/erase': { status, body: { detail } } })

  expect(code).toBe(exitCode)
  expect(stderr).toContain(`a/1 cannot be erased: ${detail}`)
})

test.each([
  [['a'], '--reason'],
  [['a', '--reason', 'r'], 'give --yes to agree'],
])('%j is wrong usage where nobody can be asked, and nothing is sent', async (args, reason) => {
  const { code, stderr, asked } = await erase(args, accepted)

  expect(code).toBe(2)
  expect(stderr).toContain(reason)
  expect(asked).toEqual([])
})
