import { expect, test } from 'vitest'
import { makeRecords } from './fixtures/make-records.ts'
import { parseBatchResponse } from './parse-batch-response.ts'

const batch = makeRecords(5, 3)
const failed = (...itemIdentifiers: unknown[]) => ({
  batchItemFailures: itemIdentifiers.map((itemIdentifier) => ({ itemIdentifier })),
})

test.each([null, undefined, '', {}, { batchItemFailures: null }, { batchItemFailures: [] }])(
  '%j is a success',
  (payload) => {
    expect(parseBatchResponse(payload, batch)).toEqual({ ok: true })
  },
)

test('the lowest failed offset counts', () => {
  const response = failed({ partition: 'ships-0', offset: 7 }, { partition: 'ships-0', offset: 6 })

  expect(parseBatchResponse(response, batch)).toEqual({ ok: false, failedFrom: 6 })
})

test.each([
  ['a string identifier', failed('ships-0-6')],
  ['an empty identifier', failed('')],
  ['a null identifier', failed(null)],
  ['a bad key name', { batchItemFailures: [{ item: { partition: 'ships-0', offset: 6 } }] }],
  ['another partition', failed({ partition: 'ships-1', offset: 6 })],
  ['an offset as text', failed({ partition: 'ships-0', offset: '6' })],
  ['an offset outside of the batch', failed({ partition: 'ships-0', offset: 8 })],
  ['one good and one bad identifier', failed({ partition: 'ships-0', offset: 6 }, 'x')],
  ['a list that is not one', { batchItemFailures: 'none' }],
  ['a response that is text', 'done'],
])('%s retries the whole batch', (_, response) => {
  expect(parseBatchResponse(response, batch)).toMatchObject({ ok: false, invalid: expect.any(String) })
})
