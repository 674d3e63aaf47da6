import { Buffer } from 'node:buffer'
import { describe, expect, test } from 'vitest'
import { Refusal } from '#shared/core/refusal.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import { makeLetter } from '#shared/testing/dead-letters/letters.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { mendLetter } from './mend-letter.ts'
import { readReplayBody, replayLettersBody } from './replay-requests.ts'

const AT = { topic: 't', partition: 0, offset: 0 }
const ADMIN = makePrincipal({ role: 'admin' })
const catalog = createCatalog([{ name: 'port', topics: { port: ['port.**'] }, events: {} }], {
  unknownTypes: 'accept',
})

function mend(given: Record<string, unknown>, letter: Partial<DeadLetter> = { id: 'l1', source: '/cranes' }) {
  const deadLetters = {
    get: async () => makeLetter({ value: Buffer.from('{').toString('base64'), ...letter }),
  }
  return mendLetter(AT, given, ADMIN, { deadLetters, catalog, now: () => 1000, newId: () => 'made' })
}
const refusalOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  )
  if (error instanceof Refusal)
    return { code: error.code, pointers: error.faults.map(({ pointer }) => pointer) }
  throw error
}

describe('a mended event', () => {
  test('keeps the id and the source of its record, and is completed as a posted one', async () => {
    expect(await mend({ type: 'port.a', data: { x: 1 } })).toEqual({
      specversion: '1.0',
      id: 'l1',
      source: '/cranes',
      type: 'port.a',
      category: 'port.a',
      severity: 'info',
      time: '1970-01-01T00:00:01.000Z',
      data: { x: 1 },
    })
  })

  test('keeps the digits of its numbers', async () => {
    const body = Buffer.from(
      '{"filter":{"positions":[{"topic":"t","partition":0,"offset":0}]},"event":{"type":"port.a","data":{"n":820982911946154508}}}',
    )
    const { event = { type: '' } } = readReplayBody(body, replayLettersBody)

    expect(JSON.stringify((await mend(event)).data)).toBe('{"n":820982911946154508}')
    const tooFast = Buffer.from('{"filter":{},"rate":1e400}')
    expect(() => readReplayBody(tooFast, replayLettersBody)).toThrow('/rate')
  })

  test('has an id and a source of its own where the record has none that can be read', async () => {
    const event = await mend({ type: 'port.a', id: 'given', source: '/mine' }, {})
    expect(event).toMatchObject({ id: 'given', source: '/mine' })
    expect(await mend({ type: 'port.a' }, {})).toMatchObject({ id: 'made' })
  })

  test('gets another source than one that nobody may give', async () => {
    const letter = { id: 'l1', source: 'urn:tidewire:fold' }
    expect(await mend({ type: 'port.a', source: '/mine' }, letter)).toMatchObject({
      id: 'l1',
      source: '/mine',
    })
  })

  test.each([
    [{ type: 'port.a', id: 'other' }, 'invalid_event', ['/event/id']],
    [{ type: 'port.a', category: 'a..b' }, 'invalid_event', ['/event/category']],
    [{ type: 'port.a', category: 'tidewire.stats' }, 'forbidden', ['/event/category']],
  ])('%j is refused', async (given, code, pointers) => {
    expect(await refusalOf(mend(given))).toEqual({ code, pointers })
  })

  test('takes the place of an open letter only', async () => {
    const given = { type: 'port.a' }
    expect(await refusalOf(mend(given, { status: 'replayed' }))).toMatchObject({ code: 'conflict' })
    const deadLetters = { get: async () => null }
    const deps = { deadLetters, catalog, now: () => 0, newId: () => 'made' }
    expect(await refusalOf(mendLetter(AT, given, ADMIN, deps))).toMatchObject({ code: 'not_found' })
  })
})

test('a body that is not UTF-8 is refused, so that no letter of a mended event becomes U+FFFD', () => {
  const body = Buffer.from('{"filter":{},"event":{"type":"t","subject":"Zürich"}}', 'latin1')
  expect(() => readReplayBody(body, replayLettersBody)).toThrow('The body is not UTF-8; encode it so.')
})

test('a body may begin with a byte order mark', () => {
  const body = Buffer.from('\ufeff{"filter":{},"dryRun":true}')
  expect(readReplayBody(body, replayLettersBody)).toMatchObject({ dryRun: true })
})
