import { type DomainEvent, defineView, type FoldInput } from '#shared/domain/define-domain.ts'
import { actorOf, type PostFields, postIdOf, readFields } from './read-post.ts'

const HISTORY_LENGTH = 100

/** `unknown`: nobody has created it; there are only refused events of it. */
type PostStatus = 'unknown' | 'draft' | 'published' | 'deleted'

/** What happened to a post, or what was refused and why; `at` in RFC 3339, null where the event has no time. */
export type PostChange = {
  readonly at: string | null
  readonly by: string
  readonly type: PostEventType
  /** The fields that got another value. */
  readonly changed: readonly (keyof PostFields)[]
  readonly refused?: string
}

export type PostState = PostFields & {
  readonly postId: string
  readonly status: PostStatus
  /** How often it was changed: 1 when it is created. */
  readonly version: number
  readonly createdAt: string | null
  readonly updatedAt: string | null
  readonly publishedAt: string | null
  /** Oldest first; the last 100. */
  readonly history: readonly PostChange[]
}

/** What each event asks of a post, and makes of it. */
const RULES = {
  'blog.post.created': { from: ['unknown'], to: 'draft' },
  'blog.post.updated': { from: ['draft', 'published'], to: null },
  'blog.post.published': { from: ['draft'], to: 'published' },
  'blog.post.unpublished': { from: ['published'], to: 'draft' },
  'blog.post.deleted': { from: ['draft', 'published'], to: 'deleted' },
} as const satisfies Record<string, { readonly from: readonly PostStatus[]; readonly to: PostStatus | null }>
export type PostEventType = keyof typeof RULES

/** Why an event is refused, by the status that the post has. */
const REASONS: Readonly<Record<PostStatus, string>> = {
  unknown: 'there is no such post',
  draft: 'the post is not published',
  published: 'the post is published already',
  deleted: 'the post is deleted',
}

function isPostEvent(type: string): type is PostEventType {
  return Object.hasOwn(RULES, type)
}

function initial(postId: string): PostState {
  return {
    postId,
    title: '',
    slug: '',
    author: '',
    excerpt: '',
    content: '',
    tags: [],
    status: 'unknown',
    version: 0,
    createdAt: null,
    updatedAt: null,
    publishedAt: null,
    history: [],
  }
}

function apply(state: PostState, { event }: FoldInput): PostState {
  const { type } = event
  if (!isPostEvent(type)) return state
  const from: readonly PostStatus[] = RULES[type].from
  if (!from.includes(state.status)) return remember(state, event, type, [], reasonOf(type, state.status))
  const fields = readFields(event)
  const changed = (Object.keys(fields) as (keyof PostFields)[]).filter(
    (name) => JSON.stringify(fields[name]) !== JSON.stringify(state[name]),
  )
  const at = timeOf(event)
  const next = {
    ...state,
    ...fields,
    status: RULES[type].to ?? state.status,
    version: state.version + 1,
    updatedAt: at,
    createdAt: type === 'blog.post.created' ? at : state.createdAt,
    publishedAt: type === 'blog.post.published' ? at : state.publishedAt,
  }
  return remember(next, event, type, changed)
}

function reasonOf(type: PostEventType, status: PostStatus): string {
  return type === 'blog.post.created' && status !== 'deleted' ? 'the post exists already' : REASONS[status]
}

function remember(
  state: PostState,
  event: DomainEvent,
  type: PostEventType,
  changed: PostChange['changed'],
  refused?: string,
): PostState {
  const change = {
    at: timeOf(event),
    by: actorOf(event),
    type,
    changed,
    ...(refused !== undefined && { refused }),
  }
  return { ...state, history: [...state.history, change].slice(-HISTORY_LENGTH) }
}

function timeOf({ time }: DomainEvent): string | null {
  const milliseconds = Date.parse(time ?? '')
  return Number.isNaN(milliseconds) ? null : new Date(milliseconds).toISOString()
}

/** The state of each post, with its history. */
export const postsView = defineView<PostState>({
  description: 'Each post as it is now, and what happened to it, refused events among it.',
  lateEvents: 'In the order of the log, whatever the times say: what was written last counts.',
  channels: ['blog.**'],
  keys: ({ event }) => {
    const postId = postIdOf(event)
    return postId !== null && isPostEvent(event.type) ? [postId] : []
  },
  initial,
  apply,
})
