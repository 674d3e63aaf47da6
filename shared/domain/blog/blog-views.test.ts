import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DomainEvent, FoldInput } from '#shared/domain/define-domain.ts'
import { takeSimulated } from '#shared/testing/domain/take-simulated.ts'
import { blog } from './blog.ts'
import { type PostState, postsView } from './blog-views.ts'

/** An event of a post in the log: its verb, its data, and further attributes. */
function step(verb: string, data: unknown = {}, more: Partial<DomainEvent> = {}): FoldInput {
  const event = {
    id: 'e',
    source: '/desk',
    type: `blog.post.${verb}`,
    category: 'blog.post',
    subject: 'p-1',
    time: '2026-03-01T12:00:00Z',
    data,
    ...more,
  }
  return { topic: 'blog-events', partition: 0, offset: 0, event }
}

function fold(inputs: readonly FoldInput[], from: PostState = postsView.initial('p-1')): PostState {
  return inputs.reduce((state, input) => postsView.apply(state, input, 'p-1'), from)
}

describe('a post', () => {
  it('is drafted, published and unpublished, and its history has the author and the time of each change', () => {
    const post = fold([
      step('created', { title: 'Tides', author: 'Ada', tags: ['sea'], by: 'ada' }),
      step(
        'updated',
        { title: 'Tide tables', author: 'Ada', by: 'bo' },
        { time: '2026-03-01T13:00:00+01:00' },
      ),
      step('published', { slug: 'tide-tables' }, { time: '2026-03-02T00:00:00Z' }),
      step('unpublished', undefined, { time: '2026-03-03T00:00:00Z' }),
    ])

    expect(post).toMatchObject({
      postId: 'p-1',
      title: 'Tide tables',
      slug: 'tide-tables',
      author: 'Ada',
      tags: ['sea'],
      status: 'draft',
      version: 4,
      createdAt: '2026-03-01T12:00:00.000Z',
      updatedAt: '2026-03-03T00:00:00.000Z',
      publishedAt: '2026-03-02T00:00:00.000Z',
    })
    expect(post.history.map(({ at, by, type, changed }) => [at, by, type.slice(10), changed])).toEqual([
      ['2026-03-01T12:00:00.000Z', 'ada', 'created', ['title', 'author', 'tags']],
      ['2026-03-01T12:00:00.000Z', 'bo', 'updated', ['title']],
      ['2026-03-02T00:00:00.000Z', '/desk', 'published', ['slug']],
      ['2026-03-03T00:00:00.000Z', '/desk', 'unpublished', []],
    ])
  })

  it.each([
    ['unknown', [], ['updated', 'published', 'unpublished', 'deleted'], 'there is no such post'],
    ['draft', ['created'], ['created'], 'the post exists already'],
    ['draft', ['created'], ['unpublished'], 'the post is not published'],
    ['published', ['created', 'published'], ['created'], 'the post exists already'],
    ['published', ['created', 'published'], ['published'], 'the post is published already'],
    [
      'deleted',
      ['created', 'deleted'],
      ['created', 'updated', 'published', 'unpublished', 'deleted'],
      'the post is deleted',
    ],
  ])('that is %s after %j refuses %j: %s', (status, verbs, refused, reason) => {
    const before = fold(verbs.map((verb) => step(verb, { title: 'first' })))
    for (const verb of refused) {
      const after = fold([step(verb, { title: 'second', by: 'mallory' })], before)

      const { history, ...rest } = after
      expect({ ...rest, history: history.slice(0, -1) }).toEqual({ ...before, status })
      expect(history.at(-1)).toMatchObject({ by: 'mallory', type: `blog.post.${verb}`, refused: reason })
    }
  })

  it('has the id in its data, otherwise the subject', () => {
    expect(postsView.keys?.(step('created', { postId: 'mine' }))).toEqual(['mine'])
    expect(postsView.keys?.(step('created', 7))).toEqual(['p-1'])
    expect(postsView.keys?.(step('created', { postId: '' }))).toEqual([])
    expect(postsView.keys?.(step('liked'))).toEqual([])
  })
})

describe('any events of a post', () => {
  const texts = fc.dictionary(
    fc.constantFrom('title', 'slug', 'author', 'excerpt', 'content', 'tags', 'by'),
    fc.oneof(fc.jsonValue(), fc.string()),
  )
  const anyStep = fc
    .record({
      verb: fc.constantFrom('created', 'updated', 'published', 'unpublished', 'deleted', 'liked'),
      data: fc.oneof({ weight: 5, arbitrary: texts }, fc.jsonValue()),
      time: fc.constantFrom('2026-01-01T00:00:00Z', '2025-01-01T00:00:00Z', 'never'),
    })
    .map(({ verb, data, time }) => step(verb, data, { time }))

  it('give the same bytes however they are split into batches, and never a state that is not JSON', () => {
    fc.assert(
      fc.property(fc.array(anyStep), fc.nat(20), (inputs, at) => {
        const first = JSON.parse(JSON.stringify(fold(inputs.slice(0, at)))) as PostState

        const split = fold(inputs.slice(at), first)

        expect(JSON.stringify(split)).toBe(JSON.stringify(fold(inputs)))
        expect(JSON.parse(JSON.stringify(split))).toEqual(split)
      }),
    )
  })

  it('move the version with every event that counts, and with no other', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 90 }), (inputs) => {
        const { version, history } = fold(inputs)

        expect(version).toBe(history.filter(({ refused }) => refused === undefined).length)
        expect(history).toHaveLength(inputs.filter(({ event }) => event.type !== 'blog.post.liked').length)
      }),
    )
  })

  it('keep a state below 100 KB and 100 changes, whatever is written', () => {
    const long = '漢'.repeat(30_000)
    const data = { title: long, slug: long, author: long, excerpt: long, content: long, by: long }
    const tags = Array.from({ length: 50 }, (_, n) => `${n}${long}`)

    const post = fold([
      step('created'),
      ...Array.from({ length: 150 }, () => step('updated', { ...data, tags })),
    ])

    expect(new TextEncoder().encode(JSON.stringify(post)).length).toBeLessThan(100_000)
    expect(post.history).toHaveLength(100)
    expect(post.content).toBe('漢'.repeat(18_000))
  })
})

it('the simulator writes only events that the posts take, the same for the same seed', () => {
  const posts = new Map<string, PostState>()
  for (const { waitMs, event } of takeSimulated(blog, 1, 400)) {
    expect(waitMs).toBeGreaterThanOrEqual(0)
    expect(blog.events[event.type]?.schema.safeParse(event.data).success).toBe(true)
    const input = step('', undefined, { type: event.type, data: event.data })
    const [key = ''] = postsView.keys?.(input) ?? []
    posts.set(key, postsView.apply(posts.get(key) ?? postsView.initial(key), input, key))
  }

  expect([...posts.values()].flatMap(({ history }) => history).filter(({ refused }) => refused)).toEqual([])
  expect(new Set([...posts.values()].map(({ status }) => status))).toEqual(
    new Set(['draft', 'published', 'deleted']),
  )
  expect(takeSimulated(blog, 1, 400)).toEqual(takeSimulated(blog, 1, 400))
  expect(takeSimulated(blog, 1, 400)).not.toEqual(takeSimulated(blog, 2, 400))
})
