import { expect, test } from 'vitest'
import { NOT_JSON, outputReader } from './read-output.ts'

function read(...chunks: string[]) {
  const [metrics, log]: [string[], string[]] = [[], []]
  const take = outputReader({ metrics: (line) => metrics.push(line), log: (line) => log.push(line) })
  for (const chunk of chunks) take(chunk)
  return { metrics, log }
}

test('metrics are counted and not shown; other JSON is shown as it is, and what is none is marked', () => {
  const { metrics, log } = read('{"_aws":{}}\nhello\n{"_a', 'ws":{"x":1}}\n{"level":broken\n{"a":1}\n')

  expect(metrics).toEqual(['{"_aws":{}}', '{"_aws":{"x":1}}'])
  expect(log).toEqual([`${NOT_JSON}hello`, `${NOT_JSON}{"level":broken`, '{"a":1}'])
})

test('a line of the log is shown for people: where it comes from, what it is about, and the error with its causes', () => {
  const line = {
    level: 'ERROR',
    message: 'partition failed',
    timestamp: '2026-11-27T08:00:00.000Z',
    service: 'deliver',
    function_request_id: 'r1',
    topic: 'events',
    offset: 7,
    error: { type: 'Error', message: 'no', trace: ['at a.ts:1'], cause: { type: 'TypeError', code: 'E1' } },
  }

  const { log } = read(`${JSON.stringify(line)}\n`)

  expect(log).toEqual([
    'ERROR deliver: partition failed topic=events offset=7\n    Error: no\n      at a.ts:1\n    caused by TypeError: E1',
  ])
})
