import { describe, expect, it } from 'vitest'
import { postsView } from '#shared/domain/blog/blog-views.ts'
import {
  changedFields,
  changedMeanwhile,
  checkPost,
  emptyDraft,
  readDraft,
  readNewDraft,
  slugOf,
  toDraft,
} from './check-post.ts'

const draft = { ...emptyDraft('ada'), title: 'Reading a tide table' }

describe('a draft of a post', () => {
  it('needs a title, and no more', () => {
    expect(checkPost(draft)).toEqual({})
    expect(checkPost({ ...draft, title: '  ' })).toEqual({ title: 'A post needs a title.' })
  })

  it('reports by how much a field is too long, and the characters that an address may not have', () => {
    expect(checkPost({ ...draft, title: 'x'.repeat(302) }).title).toBe(
      '2 characters too many: the maximum is 300.',
    )
    expect(checkPost({ ...draft, slug: 'Tide Table' }).slug).toContain('Lowercase letters')
    expect(checkPost({ ...draft, tags: Array.from({ length: 21 }, (_, n) => n).join() }).tags).toBe(
      'At most 20 tags.',
    )
    expect(checkPost({ ...draft, tags: 'x'.repeat(51) }).tags).toContain('50 characters')
  })

  it('gets an address from its title, and each tag once', () => {
    expect(slugOf('  Ébb & Flow: 10 things!')).toBe('ebb-flow-10-things')
    expect(readNewDraft({ ...draft, tags: 'tides, weather ,tides,,' })).toMatchObject({
      slug: 'reading-a-tide-table',
      tags: ['tides', 'weather'],
    })
  })

  it('is saved field by field, so that the changes of others stay', () => {
    const before = { ...readDraft(draft), slug: '', tags: ['a'] }
    expect(changedFields(before, { ...before, title: 'Another', tags: ['a', 'b'] })).toEqual({
      title: 'Another',
      tags: ['a', 'b'],
    })
    expect(changedFields(before, readDraft(toDraft(before)))).toEqual({})
  })

  it('reports who changed the post meanwhile', () => {
    const history = [
      { at: null, by: 'bo', type: 'blog.post.updated', changed: [] },
      {
        at: null,
        by: 'chen',
        type: 'blog.post.published',
        changed: [],
        refused: 'the post is published already',
      },
    ] as const
    const post = { ...postsView.initial('p'), version: 3, history }
    expect(changedMeanwhile(post, 2)).toBe('bo')
    expect(changedMeanwhile(post, 3)).toBeNull()
  })
})
