import { describe, expect, it } from 'vitest'
import { postsView } from '#shared/domain/blog/blog-views.ts'
import { type Asked, findOutcome } from './use-post-actions.ts'

const asked: Asked = {
  postId: 'p',
  title: 'Fog',
  type: 'blog.post.published',
  by: 'ada',
  offset: 1,
}
const apply = (types: readonly string[], by = 'ada') =>
  types.reduce((state, type, offset) => {
    const event = { id: String(offset), source: '/test', type, time: '2026-03-01T10:00:00Z', data: { by } }
    return postsView.apply(state, { topic: 'blog-events', partition: 0, offset, event }, 'p')
  }, postsView.initial('p'))

describe('the outcome of an action', () => {
  it('is unknown until the fold has seen it', () => {
    expect(findOutcome(undefined, asked)).toBeNull()
    expect(findOutcome(apply(['blog.post.created']), asked)).toBeNull()
    expect(findOutcome(apply(['blog.post.created', 'blog.post.published'], 'bo'), asked)).toBeNull()
    const before = apply(['blog.post.created', 'blog.post.published'])
    expect(findOutcome(before, { ...asked, offset: 2 })).toBeNull()
    expect(findOutcome(before, { ...asked, offset: null })).toBeNull()
  })

  it('is done, or refused with the reason of the fold', () => {
    expect(findOutcome(apply(['blog.post.created', 'blog.post.published']), asked)).toEqual({ kind: 'done' })
    expect(
      findOutcome(apply(['blog.post.created', 'blog.post.deleted', 'blog.post.published']), {
        ...asked,
        offset: 2,
      }),
    ).toEqual({
      kind: 'refused',
      reason: 'the post is deleted',
    })
  })
})
