import { describe, expect, test } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { type Author, authorFaults, isReservedSource, STRANGER, sourceFault } from './authorship.ts'
import { completeEvent } from './check-event.ts'

const catalog = createCatalog(domains)
const ORDER = { orderId: 'o-1', symbol: 'ACME', side: 'buy', kind: 'market', quantity: 1 }
const publisher = makePrincipal({ name: 'pat', role: 'publisher' })
const simulator = makePrincipal({ name: 'key:simulator', role: 'publisher', actsForOthers: true })

/** Completes an event as a request of an author is. */
function sent(given: Partial<CloudEvent>, author: Author = makePrincipal()): CloudEvent {
  const deps = { catalog, now: () => new Date(0), newId: () => 'e1', actor: author.name }
  return completeEvent(given, deps) as CloudEvent
}

const pointersOf = (given: Partial<CloudEvent>, author: Author = makePrincipal()) =>
  authorFaults(sent(given, author), author, catalog).map(({ pointer }) => pointer)

describe('who acts', () => {
  test('is filled in where the data does not say it, also where there is no data', () => {
    expect(sent({ type: 'market.order.placed', data: ORDER })).toMatchObject({
      data: { ...ORDER, user: 'ada' },
      category: 'market.user.ada',
      partitionkey: 'ada',
    })
    expect(sent({ type: 'blog.post.deleted', subject: 'p-1' })).toMatchObject({
      data: { by: 'ada' },
      datacontenttype: 'application/json',
    })
    expect(sent({ type: 'port.notice', data: { title: 'x' } })).toMatchObject({ data: { title: 'x' } })
  })

  test('may be said, if it is the author', () => {
    expect(pointersOf({ type: 'market.order.placed', data: { ...ORDER, user: 'ada' } })).toEqual([])
    expect(pointersOf({ type: 'blog.post.deleted', data: { by: 'pat' } }, publisher)).toEqual([])
  })

  test.each<[Partial<CloudEvent>]>([
    [{ type: 'market.order.placed', data: { ...ORDER, user: 'bob' } }],
    [{ type: 'market.order.cancel-requested', data: { orderId: 'o-1', user: 'bob' } }],
    [{ type: 'market.alert.deleted', data: { alertId: 'a-1', user: 'bob' } }],
    [{ type: 'market.order.placed', category: 'market.user.ada', data: { ...ORDER, user: 'bob' } }],
    [{ type: 'market.order.placed', category: 'market.user.bob', data: { ...ORDER, user: 'ada' } }],
    [{ type: 'blog.post.created', category: 'other', data: { by: 'bob' } }],
  ])('is refused if it is somebody else: %j', (event) => {
    expect(pointersOf(event)).not.toEqual([])
    expect(pointersOf(event, publisher)).not.toEqual([])
    expect(pointersOf(event, simulator)).toEqual([])
  })

  test('is nobody where a record has no signature', () => {
    expect(pointersOf({ type: 'sensor.reading', data: { temperature: 1 } }, STRANGER)).toEqual([])
    for (const data of [{ by: 'bob' }, {}]) {
      const post = { ...sent({ type: 'blog.post.created' }), source: 'bob', data }
      expect(authorFaults(post, STRANGER, catalog)).toMatchObject([{ pointer: '/data/by' }])
    }
  })
})

describe('what only Tidewire writes', () => {
  test('is refused to everybody, in any channel', () => {
    const written = domains
      .flatMap(({ events }) => Object.entries(events))
      .filter(([, one]) => one.isInternal)
    expect(written.length).toBeGreaterThan(20)
    for (const [type, { schema }] of written) {
      const [data] = (schema.meta()?.examples as unknown[] | undefined) ?? []
      for (const author of [makePrincipal({ role: 'admin' }), publisher, simulator, STRANGER])
        for (const category of [undefined, 'open.channel'])
          expect
            .soft(
              authorFaults({ ...sent({ type, data }), ...(category && { category }) }, author, catalog),
              type,
            )
            .toEqual([{ pointer: '/type', detail: expect.stringContaining('Tidewire alone') }])
    }
  })

  test.each([
    'port.container.lifecycle',
    'tidewire',
    'tidewire.stats',
    'tidewire.audit.keys',
    'market.order.ACME',
  ])('is refused by its channel: %s', (category) => {
    for (const author of [makePrincipal({ role: 'admin' }), publisher, simulator, STRANGER])
      expect(pointersOf({ type: 'any.thing', category }, author)).toEqual(['/category'])
  })
})

test('a viewer writes nothing but its own requests', () => {
  expect(pointersOf({ type: 'port.notice' })).toEqual(['/category'])
  expect(pointersOf({ type: 'any.thing', category: 'market.user.ada' })).toEqual(['/category'])
  expect(pointersOf({ type: 'market.order.placed', category: 'port.port', data: ORDER })).toEqual([
    '/category',
  ])
})

test('sources of Tidewire are reserved, in any case of the scheme', () => {
  const reserved = ['urn:tidewire:api', 'URN:Tidewire:fold:port/cases', 'urn:tidewire', 'urn:tidewire:']
  expect(reserved.filter((source) => !isReservedSource(source))).toEqual([])
  expect(['urn:tidewire-x:a', '/urn:tidewire:a', 'urn:x:tidewire:a'].filter(isReservedSource)).toEqual([])
  expect(sourceFault('urn:tidewire:api')).toMatchObject([{ pointer: '/source' }])
  expect(sourceFault(undefined)).toEqual([])
})
