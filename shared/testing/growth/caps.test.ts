import { Buffer } from 'node:buffer'
import { expect, test } from 'vitest'
import { problemResponse } from '#shared/adapters/http/problem.ts'
import { readQuery } from '#shared/adapters/http/read-query.ts'
import { parseCursor } from '#shared/core/cursor.ts'
import {
  ACCEPT_LIMITS,
  CURSOR_LIMITS,
  FAULTS_LIMIT,
  QUERY_LIMITS,
  WEBHOOK_LIMITS,
} from '#shared/core/limits.ts'
import type { Refusal } from '#shared/core/refusal.ts'
import { domains } from '#shared/domain/catalog.ts'
import { readPost } from '#shared/pipeline/accept/read-post.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { isMediaType } from '#shared/pipeline/cloudevents/media-type.ts'
import { readForm } from '#shared/pipeline/webhooks/payload.ts'

const deps = { catalog: createCatalog(domains), now: () => new Date(1_800_000_000_000), newId: () => 'id' }
const EVENT = { specversion: '1.0', id: '1', source: '/s', type: 'tests.a' }
const numbered = (n: number, write: (index: number) => string) =>
  Array.from({ length: n }, (_, index) => write(index))

/** Posts an event. Returns the problem that its sender gets, or null. */
function post(event: object, mediaType = 'application/cloudevents+json') {
  const headers = { 'content-type': mediaType }
  try {
    readPost({ headers, body: Buffer.from(JSON.stringify(event)) }, 'ada', deps)
    return null
  } catch (error) {
    return problemResponse(error).body as { readonly errors: readonly { readonly detail: string }[] }
  }
}

test('a form may have as many fields as the limit says', () => {
  const form = (fields: number) => Buffer.from(numbered(fields, (index) => `f${index}=1`).join('&'))
  const read = (fields: number) => readForm('application/x-www-form-urlencoded', form(fields))

  expect(read(WEBHOOK_LIMITS.formFields)).toHaveLength(WEBHOOK_LIMITS.formFields)
  expect(() => read(WEBHOOK_LIMITS.formFields + 1)).toThrow(expect.objectContaining({ code: 'too_large' }))
})

test('an event may have as many attributes as the limit says', () => {
  const own = 8 // with what the server fills in: time, category, severity, traceparent
  const event = (more: number) => ({
    ...EVENT,
    ...Object.fromEntries(numbered(more, (i) => `x${i}`).map((n) => [n, 1])),
  })

  expect(post(event(ACCEPT_LIMITS.attributes - own))).toBeNull()
  expect(post(event(ACCEPT_LIMITS.attributes - own + 1))?.errors[0]?.detail).toContain('at most 100')
})

test('a media type has at most 1,024 characters', () => {
  expect(isMediaType(`a/${'b'.repeat(1022)}`)).toBe(true)
  expect(isMediaType(`a/${'b'.repeat(1023)}`)).toBe(false)
})

test('a refusal lists at most 100 faults, whatever has how many, and stays small', () => {
  const unknown = Object.fromEntries(numbered(50_000, (index) => `member-${index}`).map((name) => [name, 1]))
  const batch = numbered(500, () => '').map(() => ({ ...EVENT, id: '' }))

  for (const problem of [
    post({ type: 'a', ...unknown }, 'application/json'),
    post(batch, 'application/cloudevents-batch+json'),
  ]) {
    expect(problem?.errors).toHaveLength(FAULTS_LIMIT)
    expect(JSON.stringify(problem).length).toBeLessThan(50_000)
  }
})

test('a query has at most 20 channels, 50 values of any other list, and 50 parameters', () => {
  const refused = (query: Record<string, string>) => {
    try {
      readQuery(query)
      return null
    } catch (error) {
      const { message, faults } = error as Refusal
      return faults[0] ? `${faults[0].pointer} ${faults[0].detail}` : message
    }
  }
  const many = (count: number) => numbered(count, (index) => `a${index}`).join(',')

  expect(refused({ channel: many(20), type: many(50), subject: many(50), status: many(50) })).toBeNull()
  expect(refused({ channel: many(21) })).toBe('/channel has 21 values; at most 20 are allowed.')
  expect(refused({ subject: many(51) })).toBe('/subject has 51 values; at most 50 are allowed.')
  expect(refused({ status: many(51) })).toBe('/status has 51 values; at most 50 are allowed.')
  const parameters = Object.fromEntries(
    numbered(QUERY_LIMITS.parameters + 1, (i) => `p${i}`).map((n) => [n, 'x']),
  )
  expect(refused(parameters)).toBe('The query has 51 parameters; at most 50 are allowed.')
})

test('a cursor has at most 100 topics, and 1,000 partitions of all of them together', () => {
  const topics = (count: number) => numbered(count, (index) => `t${index}@e:0=1`).join(';')
  const partitions = (count: number) => `t@e:${numbered(count, (index) => `${index}=1`).join(',')}`

  expect(parseCursor(topics(CURSOR_LIMITS.topics)).size).toBe(CURSOR_LIMITS.topics)
  expect(() => parseCursor(topics(CURSOR_LIMITS.topics + 1))).toThrow(
    'it has 101 topics; at most 100 are allowed',
  )
  expect(parseCursor(partitions(CURSOR_LIMITS.partitions)).get('t')?.offsets.size).toBe(1000)
  expect(() => parseCursor(partitions(CURSOR_LIMITS.partitions + 1))).toThrow(
    'it has more than 1000 partitions',
  )
})
