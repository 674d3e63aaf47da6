import { beforeEach, describe, expect, test, vi } from 'vitest'
import type { KafkaRecord, NewRecord } from './ports.ts'
import { rotateRecordSecret, rotatingSecrets, type SecretCache, SIGNED_AFTER_MS } from './record-secrets.ts'
import { signRecord } from './signed-record.ts'

const OLD = 'the-old-secret-of-a-stage'
const NEW = 'the-new-secret-of-a-stage'
const NOW = Date.parse('2026-11-27T12:00:00Z')
const CREATED = NOW - 3_600_000
const at = (time: number) => new Date(time).toISOString()

let stored: { value: string; created: number }
let cache: { readonly [Name in keyof SecretCache]: ReturnType<typeof vi.fn<SecretCache[Name]>> }
beforeEach(() => {
  stored = { value: JSON.stringify({ secret: OLD }), created: CREATED }
  cache = { current: vi.fn(async () => stored), noOlderThan: vi.fn(async () => stored) }
})

const store = (fields: object, created = CREATED) => {
  stored = { value: JSON.stringify(fields), created }
}
const open = (now = NOW) => rotatingSecrets(cache, { now: () => now })

function recordOf(secret: string | null): KafkaRecord {
  const plain: NewRecord = { topic: 't', key: 'k', value: Buffer.from('v'), headers: {} }
  const { headers, key, ...record } = secret === null ? plain : signRecord(plain, secret)
  const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
  return { ...record, key: Buffer.from(key), headers: named, partition: 0, offset: 0, timestamp: NOW }
}

describe('the secret that signs', () => {
  test('is the only one there is, whatever its age', async () => {
    store({ secret: OLD }, NOW)

    expect(await open().signing()).toBe(OLD)
  })

  test.each([
    [{ since: at(NOW) }, CREATED, OLD],
    [{ since: at(NOW - SIGNED_AFTER_MS + 1) }, CREATED, OLD],
    [{ since: at(NOW - SIGNED_AFTER_MS) }, CREATED, NEW],
    [{}, NOW - SIGNED_AFTER_MS + 1, OLD],
    [{}, NOW - SIGNED_AFTER_MS, NEW],
  ])('with %j, stored at %d, is %s', async (fields, created, expected) => {
    store({ secret: NEW, previous: [OLD], ...fields }, created)

    expect(await open().signing()).toBe(expected)
  })

  test('is none if it could not be read for a day', async () => {
    cache.noOlderThan.mockRejectedValue(new Error('down'))

    await expect(open().signing()).rejects.toThrow('down')
    expect(cache.noOlderThan).toHaveBeenCalledWith(24 * 3_600_000)
  })

  test.each([
    ['{', 'is not JSON'],
    ['null', 'at least 16 characters'],
    ['{"secret":"short"}', 'at least 16 characters'],
    [JSON.stringify({ secret: NEW, previous: OLD }), 'is no list'],
    [JSON.stringify({ secret: NEW, previous: [null] }), 'at least 16 characters'],
    [JSON.stringify({ secret: NEW, since: 'yesterday' }), 'is not such as'],
  ])('is none in %s', async (value, message) => {
    stored = { value, created: NOW }

    const error = await open()
      .signing()
      .catch((thrown: Error) => thrown)

    expect(error).toBeInstanceOf(Error)
    expect(String(error)).toContain(message)
    expect(String(error)).not.toContain(NEW)
  })
})

describe('a record that is met', () => {
  test('is judged by all secrets, without a read for each', async () => {
    store({ secret: NEW, previous: [{ secret: OLD, until: at(NOW) }] })
    const { meet, judge } = open()
    const records = [recordOf(NEW), recordOf(OLD), recordOf(null)]

    await meet(records)

    expect(records.map(judge)).toEqual(['signed', 'signed', 'unsigned'])
    expect(cache.noOlderThan).not.toHaveBeenCalled()
  })

  test('with an unknown signature is judged by secrets that were read at most 10 s ago', async () => {
    const { meet, judge } = open()
    cache.noOlderThan.mockImplementation(async () => {
      store({ secret: NEW, previous: [OLD] })
      return stored
    })
    const records = [recordOf(NEW), recordOf(OLD), recordOf('a-secret-of-somebody-else')]

    await meet(records)

    expect(records.map(judge)).toEqual(['signed', 'signed', 'forged'])
    expect(cache.noOlderThan).toHaveBeenCalledExactlyOnceWith(10_000)
  })

  test('with an unknown signature must come again while the secrets cannot be read', async () => {
    cache.noOlderThan.mockRejectedValueOnce(new Error('down'))
    const { meet, judge } = open()
    const record = recordOf(NEW)

    await expect(meet([record])).rejects.toThrow('down')
    store({ secret: NEW, previous: [OLD] })
    await meet([record])

    expect(judge(record)).toBe('signed')
  })
})

test('a record that was not met is not judged', () => {
  expect(() => open().judge(recordOf(OLD))).toThrow('was not met')
})

describe('a rotation', () => {
  const DAY_MS = 24 * 3_600_000
  const keptMs = 7 * DAY_MS
  const rotate = (text: string, now = NOW) =>
    JSON.parse(rotateRecordSecret(text, { newSecret: NEW, now, keptMs })) as unknown

  test('keeps the secret that it replaces', () => {
    expect(rotate(JSON.stringify({ secret: OLD }))).toEqual({
      secret: NEW,
      since: at(NOW),
      previous: [{ secret: OLD, until: at(NOW) }],
    })
  })

  test('forgets a previous secret once the log has nothing that it signed', () => {
    const forgotten = { secret: 'a-secret-of-last-month', until: at(NOW - 10 * DAY_MS) }
    const known = { secret: 'a-secret-of-last-week', until: at(NOW - 9 * DAY_MS) }
    const forGood = 'a-secret-without-an-end'

    expect(rotate(JSON.stringify({ secret: OLD, previous: [known, forgotten, forGood] }))).toEqual({
      secret: NEW,
      since: at(NOW),
      previous: [{ secret: OLD, until: at(NOW) }, known, forGood],
    })
  })

  test('is refused while writers do not sign with the last secret yet', () => {
    const text = JSON.stringify({ secret: OLD, since: at(NOW) })

    expect(() => rotate(text, NOW + SIGNED_AFTER_MS - 1)).toThrow('wait until it is ten minutes old')
    expect(rotate(text, NOW + SIGNED_AFTER_MS)).toMatchObject({ secret: NEW })
  })

  test('is refused with a secret that is too short', () => {
    expect(() =>
      rotateRecordSecret(JSON.stringify({ secret: OLD }), { newSecret: 'x', now: NOW, keptMs }),
    ).toThrow('at least 16 characters')
  })
})
