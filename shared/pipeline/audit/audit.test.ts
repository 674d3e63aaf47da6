import { afterEach, describe, expect, test, vi } from 'vitest'
import type { AuditEntry } from '#shared/core/audit.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { type AuditRecord, createAudit } from './audit.ts'
import { redact } from './redact.ts'
import { ADDRESSES_APART, SAMPLE_MS } from './sample.ts'

const START = Date.parse('2026-03-01T08:00:00Z')
const ADA = { kind: 'user', name: 'ada', role: 'viewer' } as const
const BOB = { ...ADA, name: 'bob' } as const
const CALLER = { address: '203.0.113.7', requestId: 'r1', trace: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
const REFUSED: AuditEntry = { action: 'refused', principal: ADA, caller: CALLER, target: 'GET /keys' }

afterEach(() => {
  vi.restoreAllMocks()
})

function createWorld(fail?: Error) {
  const sent: AuditRecord[] = []
  let now = START
  const audit = createAudit({
    send: async (record) => {
      if (fail) throw fail
      sent.push(record)
    },
    now: () => now,
    newId: () => `id-${sent.length + 1}`,
  })
  const wait = (ms: number) => {
    now += ms
  }
  return { audit, sent, wait }
}

describe('an entry', () => {
  test('is sent with an id and a time of its own', async () => {
    const { audit, sent } = createWorld()

    await audit.record(REFUSED)

    expect(sent).toEqual([{ id: 'id-1', time: '2026-03-01T08:00:00.000Z', ...REFUSED }])
  })

  test('that cannot be sent is logged, and nothing is thrown', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { audit } = createWorld(new Error('no Lambda'))

    await expect(audit.record(REFUSED)).resolves.toBeUndefined()

    const [line] = logged.mock.calls[0] ?? []
    expect(JSON.parse(line)).toMatchObject({
      level: 'ERROR',
      error: { message: 'no Lambda' },
      entry: { action: 'refused', principal: ADA, target: 'GET /keys' },
    })
  })

  test.each([
    ['a key', 'tw_0123456789abcdefghij'],
    ['a token', 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['a header', 'Bearer abcdefghijkl'],
  ])('never has %s in it', async (_, secret) => {
    const { audit, sent } = createWorld()

    await audit.record({
      ...REFUSED,
      target: `GET /keys/${secret}`,
      reason: `There is no key "${secret}".`,
      details: { query: `key=${secret}&x=1` },
    })

    expect(JSON.stringify(sent)).not.toContain(secret)
    expect(sent).toMatchObject([{ target: 'GET /keys/[removed]', reason: 'There is no key "[removed]".' }])
  })

  test('has texts of at most 500 characters', async () => {
    const { audit, sent } = createWorld()

    await audit.record({ ...REFUSED, reason: 'x'.repeat(10_000) })

    expect(sent[0]?.reason).toHaveLength(500)
  })
})

describe('refusals', () => {
  test('of one kind are one entry in ten seconds; the next one counts those in between', async () => {
    const { audit, sent, wait } = createWorld()
    for (let n = 0; n < 1000; n++) await audit.record(REFUSED)
    wait(SAMPLE_MS)

    await audit.record(REFUSED)

    expect(sent.map(({ omitted }) => omitted)).toEqual([undefined, 999])
  })

  test('of another principal, action or group are entries of their own', async () => {
    const { audit, sent } = createWorld()

    await audit.record(REFUSED)
    await audit.record({ ...REFUSED, principal: BOB })
    await audit.record({ ...REFUSED, action: 'limited' })
    await audit.record({ ...REFUSED, group: 'GET streams' })

    expect(sent).toHaveLength(4)
  })

  test('of ever new targets and reasons, which their sender chooses, are of one kind', async () => {
    const { audit, sent } = createWorld()

    for (let n = 0; n < 1000; n++) await audit.record({ ...REFUSED, target: `GET /${n}`, reason: `no ${n}` })

    expect(sent).toHaveLength(1)
  })

  test('of ever new addresses without a principal are counted together after the first 20', async () => {
    const { audit, sent, wait } = createWorld()
    const from = (address: string): AuditEntry => ({ action: 'credentials.refused', caller: { address } })
    for (let n = 0; n < 1000; n++) await audit.record(from(`198.51.100.${n}`))
    expect(sent).toHaveLength(ADDRESSES_APART + 1)
    expect(sent.at(-1)).toMatchObject({ caller: {}, details: { addresses: 'many' } })
    wait(SAMPLE_MS)

    for (let n = 0; n < 1000; n++) await audit.record(from(`203.0.113.${n}`))

    expect(sent).toHaveLength(2 * (ADDRESSES_APART + 1))
    expect(sent.at(-1)).toMatchObject({ omitted: 1000 - ADDRESSES_APART - 1 })
  })
})

test('what was done is always written', async () => {
  const { audit, sent } = createWorld()

  for (let n = 0; n < 3; n++) await audit.record({ ...REFUSED, action: 'event.deleted' })

  expect(sent).toHaveLength(3)
})

test('numbers of an entry keep their digits', () => {
  const entry = { n: parseExactJson('820982911946154508'), text: 'Bearer abcdefghijk' }

  expect(JSON.stringify(redact(entry))).toBe('{"n":820982911946154508,"text":"[removed]"}')
})
