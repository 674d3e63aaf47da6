import { afterEach, expect, test, vi } from 'vitest'
import { isOutage } from '#shared/adapters/aws/outage.ts'
import type { DocumentClient } from './commands.ts'
import { deleteAll, getAll, getTables, putAll } from './dynamo-requests.ts'

afterEach(() => vi.restoreAllMocks())

/** A table that never takes or returns the last item. */
const UNPROCESSED = {
  UnprocessedItems: { t: [{ PutRequest: { Item: { k: 1 } } }] },
  UnprocessedKeys: { t: { Keys: [{ k: 1 }] } },
}

test.each<[string, (client: DocumentClient) => Promise<unknown>]>([
  ['writes', (client) => putAll(client, 't', [{ k: 1 }])],
  ['deletes', (client) => deleteAll(client, 't', [{ k: 1 }])],
  ['reads', (client) => getAll(client, 't', [{ k: 1 }])],
  ['reads of several tables', (client) => getTables(client, new Map([['t', [{ k: 1 }]]]))],
])(
  'a batch of %s that is left unprocessed without end is given up, as one that is throttled',
  async (_, run) => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    const send = vi.fn(async () => UNPROCESSED)

    const error = await run({ send } as unknown as DocumentClient).catch((thrown: unknown) => thrown)

    expect(isOutage(error)).toBe(true)
    expect(send).toHaveBeenCalledTimes(12)
  },
)
