import { describe, expect, it } from 'vitest'
import { type PostState, postsView } from '#shared/domain/blog/blog-views.ts'
import { countPosts, holdOrder, listPosts } from './list-posts.ts'

const post = (postId: string, fields: Partial<PostState>): PostState => ({
  ...postsView.initial(postId),
  ...fields,
})
const posts = [
  post('a', { status: 'draft', title: 'Spring tides', author: 'ada', updatedAt: '2026-03-01T10:00:00.000Z' }),
  post('b', { status: 'published', title: 'Fog', tags: ['weather'], updatedAt: '2026-03-02T10:00:00.000Z' }),
  post('c', { status: 'deleted', title: 'Old tides', updatedAt: '2026-03-03T10:00:00.000Z' }),
  post('d', { status: 'unknown' }),
]
const ids = (status: string, find = '') => listPosts(posts, { status, find }).map(({ postId }) => postId)

describe('the list of posts', () => {
  it('has the last changed first, and neither deleted nor unknown posts unless they are asked for', () => {
    expect(ids('')).toEqual(['b', 'a'])
    expect(ids('deleted')).toEqual(['c'])
    expect(ids('draft')).toEqual(['a'])
  })

  it('finds all words in any field', () => {
    expect(ids('', 'TIDES ada')).toEqual(['a'])
    expect(ids('', 'weather')).toEqual(['b'])
    expect(ids('', 'tides weather')).toEqual([])
  })

  it('counts each status', () => {
    expect(countPosts(posts)).toEqual({ draft: 1, published: 1, deleted: 1 })
  })
})

describe('a list under the pointer', () => {
  it('keeps its order and its rows: new ones wait', () => {
    const order = holdOrder(['b', 'a', 'c'], ['n', 'a', 'b'], true)
    expect(order).toEqual({ ids: ['b', 'a', 'c'], waiting: 1 })
    expect(holdOrder([], ['a', 'b'], true)).toEqual({ ids: [], waiting: 2 })
  })

  it('drops removed rows if only the focus is in it', () => {
    expect(holdOrder(['b', 'a', 'c'], ['n', 'a', 'b'], false)).toEqual({ ids: ['b', 'a'], waiting: 1 })
  })
})
