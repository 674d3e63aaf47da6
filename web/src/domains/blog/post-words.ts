import type { PostEventType, PostState } from '#shared/domain/blog/blog-views.ts'
import type { Tone } from '#web/ui/data/badge.tsx'

export const STATUS_WORDS: {
  readonly [status in PostState['status']]: { readonly word: string; readonly tone: Tone }
} = {
  unknown: { word: 'Unknown', tone: 'plain' },
  draft: { word: 'Draft', tone: 'busy' },
  published: { word: 'Published', tone: 'good' },
  deleted: { word: 'Deleted', tone: 'plain' },
}

type EventWords = {
  /** While the request is pending. */
  readonly busy: string
  /** Of the user's own action. */
  readonly done: string
  /** In a history, after the name of the user. */
  readonly did: string
  /** In a history, if it was refused. */
  readonly tried: string
}

export const EVENT_WORDS: { readonly [type in PostEventType]: EventWords } = {
  'blog.post.created': {
    busy: 'Creating…',
    done: 'Created',
    did: 'created it',
    tried: 'tried to create it',
  },
  'blog.post.updated': {
    busy: 'Saving…',
    done: 'Saved',
    did: 'changed it',
    tried: 'tried to change it',
  },
  'blog.post.published': {
    busy: 'Publishing…',
    done: 'Published',
    did: 'published it',
    tried: 'tried to publish it',
  },
  'blog.post.unpublished': {
    busy: 'Unpublishing…',
    done: 'Unpublished',
    did: 'unpublished it',
    tried: 'tried to unpublish it',
  },
  'blog.post.deleted': {
    busy: 'Deleting…',
    done: 'Deleted',
    did: 'deleted it',
    tried: 'tried to delete it',
  },
}
