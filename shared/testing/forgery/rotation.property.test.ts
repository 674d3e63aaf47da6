import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { cachedSecret } from '#shared/adapters/secrets/cached-secret.ts'
import type { KafkaRecord, NewRecord } from '#shared/pipeline/ports.ts'
import { rotateRecordSecret, rotatingSecrets } from '#shared/pipeline/record-secrets.ts'
import { signedLog, signRecord } from '#shared/pipeline/signed-record.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'

vi.spyOn(console, 'error').mockImplementation(() => {})

const DAY_MS = 24 * 3_600_000
/** How long the log keeps records. */
const KEPT_MS = 7 * DAY_MS
const INSTANCES = 3

/** What may go on while secrets are replaced. */
type Step =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'rotate' | 'break' | 'mend' }
  | { readonly do: 'write' | 'read'; readonly instance: number }
  | { readonly do: 'forge'; readonly how: number }

const instance = fc.nat({ max: INSTANCES - 1 })
const wait = (max: number) => fc.record({ do: fc.constant('wait' as const), ms: fc.nat({ max }) })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    wait(15_000),
    wait(1_200_000),
    wait(3 * DAY_MS),
    fc.record({
      do: fc.constantFrom('rotate' as const, 'rotate' as const, 'break' as const, 'mend' as const),
    }),
    fc.record({ do: fc.constantFrom('write' as const, 'read' as const), instance }),
    fc.record({ do: fc.constantFrom('write' as const, 'read' as const), instance }),
    fc.record({ do: fc.constant('forge' as const), how: fc.nat({ max: 2 }) }),
  ),
  { minLength: 10, maxLength: 60 },
)

type Rules = { readonly signedAfterMs?: number; readonly readAgainMs?: number; readonly keptMs?: number }
type Entry = { readonly record: KafkaRecord; readonly isOurs: boolean }

/** A log, the secret, and instances of functions that write and read, each with a cache of its own age. */
function createWorld({ keptMs = KEPT_MS, ...rules }: Rules = {}) {
  const log: Entry[] = []
  let time = Date.parse('2026-11-27T12:00:00Z')
  let stored = { value: '{"secret":"the-first-secret-of-all"}', created: time }
  let isDown = false
  let secrets = 0
  const now = () => time
  const read = async () => {
    if (isDown) throw new Error('Secrets Manager does not answer')
    return stored
  }
  const open = () => rotatingSecrets(cachedSecret(read, { now, freshMs: 300_000 }), { now, ...rules })
  const writers = Array.from({ length: INSTANCES }, open)
  const readers = Array.from({ length: INSTANCES }, open)

  const append = ({ topic, key, value, headers }: NewRecord, isOurs: boolean) => {
    const named = Object.entries(headers).map(([name, text]) => ({ name, value: Buffer.from(text) }))
    const position = { topic, partition: 0, offset: log.length, timestamp: time }
    log.push({ record: { ...position, key: Buffer.from(key), value, headers: named }, isOurs })
    return position
  }
  const plain = (): NewRecord => ({ topic: 't', key: 'k', value: Buffer.from(`${log.length}`), headers: {} })

  async function writeAs(writer: number): Promise<void> {
    const kafka = { append: async (records: readonly NewRecord[]) => records.map((one) => append(one, true)) }
    const signing = writers[writer]?.signing ?? (() => Promise.reject(new Error('no such writer')))
    // A writer that cannot read its secret refuses.
    await signedLog(kafka, signing)
      .append([plain()])
      .catch(() => {})
  }

  function forge(how: number): void {
    if (how === 0) append(plain(), false)
    if (how === 1) append(signRecord(plain(), 'the-secret-of-somebody-else'), false)
    const ours = log.find(({ isOurs }) => isOurs)?.record.headers[0]
    // With the signature of another record.
    if (how === 2 && ours) append({ ...plain(), headers: { [ours.name]: `${ours.value}` } }, false)
  }

  /** Judges all that the log keeps. Returns the records that were judged wrong. */
  async function readAs(reader: number): Promise<Entry[]> {
    const kept = log.filter(({ record }) => time - record.timestamp <= KEPT_MS)
    const known = readers[reader]
    // What cannot be met comes again.
    const isMet = await known?.meet(kept.map(({ record }) => record)).then(
      () => true,
      () => false,
    )
    if (known === undefined || !isMet) return []
    return kept.filter(({ record, isOurs }) => (known.judge(record) === 'signed') !== isOurs)
  }

  function rotate(): void {
    const newSecret = `the-secret-with-the-number-${++secrets}`
    try {
      stored = {
        value: rotateRecordSecret(stored.value, { newSecret, now: time, keptMs }),
        created: time,
      }
    } catch {
      // The last one is too young.
    }
  }

  return async (step: Step): Promise<Entry[]> => {
    if (step.do === 'wait') time += step.ms
    if (step.do === 'break') isDown = true
    if (step.do === 'mend') isDown = false
    if (step.do === 'rotate') rotate()
    if (step.do === 'forge') forge(step.how)
    if (step.do === 'write') await writeAs(step.instance)
    return step.do === 'read' ? readAs(step.instance) : []
  }
}

const isNeverWrong = (rules?: Rules) =>
  fc.asyncProperty(steps, async (all) => {
    const take = createWorld(rules)
    for (const step of all) expect(await take(step)).toEqual([])
    await take({ do: 'mend' })
    for (const reader of [0, 1, 2]) expect(await take({ do: 'read', instance: reader })).toEqual([])
  })

test('while secrets are replaced, no record of ours is judged foreign, and no other one ours', async () => {
  await fc.assert(isNeverWrong(), { numRuns: propertyRuns(300) })
})

test.each<[string, Rules]>([
  ['writers sign with a new secret at once', { signedAfterMs: 0 }],
  ['readers call a record forged by what they knew long ago', { readAgainMs: Number.POSITIVE_INFINITY }],
  ['previous secrets are forgotten before their records', { keptMs: -3 * DAY_MS }],
])('a record is judged wrong if %s', async (_, rules) => {
  const { failed } = await fc.check(isNeverWrong(rules), { numRuns: 5000, endOnFailure: true })

  expect(failed).toBe(true)
})
