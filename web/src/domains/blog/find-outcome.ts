import type { PostEventType, PostState } from '#shared/domain/blog/posts-view.ts'

/** What was asked of a post: the event is known again in its history by its type, its time and who wrote it. */
export type Asked = {
  readonly postId: string
  readonly title: string
  readonly type: PostEventType
  readonly time: string
  readonly by: string
}
export type Outcome = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string }

/** What came of it; null while the history does not tell. */
export function findOutcome(post: PostState | undefined, asked: Asked): Outcome | null {
  const change = post?.history.findLast(
    ({ type, at, by }) => type === asked.type && at === asked.time && by === asked.by,
  )
  if (change === undefined) return null
  return change.refused === undefined ? { kind: 'done' } : { kind: 'refused', reason: change.refused }
}

export const DONE_WORDS: { readonly [type in PostEventType]: string } = {
  'blog.post.created': 'Created',
  'blog.post.updated': 'Saved',
  'blog.post.published': 'Published',
  'blog.post.unpublished': 'Taken back',
  'blog.post.deleted': 'Deleted',
}
export const BUSY_WORDS: { readonly [type in PostEventType]: string } = {
  'blog.post.created': 'Creating…',
  'blog.post.updated': 'Saving…',
  'blog.post.published': 'Publishing…',
  'blog.post.unpublished': 'Taking back…',
  'blog.post.deleted': 'Deleting…',
}
