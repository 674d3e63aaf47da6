import type { PostEventType, PostState } from '#shared/domain/blog/posts-view.ts'
import type { Tone } from '#web/ui/data/badge.tsx'

export const STATUS_WORDS: {
  readonly [status in PostState['status']]: { readonly word: string; readonly tone: Tone }
} = {
  unknown: { word: 'Unknown', tone: 'plain' },
  draft: { word: 'Draft', tone: 'busy' },
  published: { word: 'Published', tone: 'good' },
  deleted: { word: 'Deleted', tone: 'plain' },
}

export const EVENT_WORDS: { readonly [type in PostEventType]: string } = {
  'blog.post.created': 'created it',
  'blog.post.updated': 'changed it',
  'blog.post.published': 'published it',
  'blog.post.unpublished': 'took it back',
  'blog.post.deleted': 'deleted it',
}

/** What somebody wanted who was refused. */
export const TRY_WORDS: { readonly [type in PostEventType]: string } = {
  'blog.post.created': 'tried to create it',
  'blog.post.updated': 'tried to change it',
  'blog.post.published': 'tried to publish it',
  'blog.post.unpublished': 'tried to take it back',
  'blog.post.deleted': 'tried to delete it',
}
