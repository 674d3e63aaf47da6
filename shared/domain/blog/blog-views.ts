import type { ErasedEvent } from '#shared/core/erasure.ts'
import { toUtc } from '#shared/core/time.ts'
import { cutText } from '#shared/domain/cut-text.ts'
import { type DomainEvent, defineView, type FoldInput } from '#shared/domain/define-domain.ts'

const HISTORY_LENGTH = 100

/** `unknown`: the post was never created; there are only refused events of it. */
type PostStatus = 'unknown' | 'draft' | 'published' | 'deleted'

/**
 * A change of a post, or an event that was refused, with the reason. `at` is RFC 3339, or null if the event has no
 * time.
 */
export type PostChange = {
  readonly at: string | null
  readonly by: string
  readonly type: PostEventType
  /** The offset of the event. */
  readonly offset?: number
  /** The fields whose value changed. */
  readonly changed: readonly (keyof PostFields)[]
  readonly refused?: string
}

export type PostState = PostFields & {
  readonly postId: string
  readonly status: PostStatus
  /** Counts the accepted events, starting at 1 with the creation. */
  readonly version: number
  readonly createdAt: string | null
  readonly updatedAt: string | null
  readonly publishedAt: string | null
  /** The offset of the event that set each field. */
  readonly setBy?: { readonly [field in keyof PostFields]?: number }
  /** Oldest first; the last 100. */
  readonly history: readonly PostChange[]
}

/** The statuses in which each event is accepted, and the status that it leads to; null leaves the status as it is. */
const RULES = {
  'blog.post.created': { from: ['unknown'], to: 'draft' },
  'blog.post.updated': { from: ['draft', 'published'], to: null },
  'blog.post.published': { from: ['draft'], to: 'published' },
  'blog.post.unpublished': { from: ['published'], to: 'draft' },
  'blog.post.deleted': { from: ['draft', 'published'], to: 'deleted' },
} as const satisfies Record<string, { readonly from: readonly PostStatus[]; readonly to: PostStatus | null }>
export type PostEventType = keyof typeof RULES

/** Why an event is refused, by the status of the post. */
const REASONS: Readonly<Record<PostStatus, string>> = {
  unknown: 'there is no such post',
  draft: 'the post is not published',
  published: 'the post is published already',
  deleted: 'the post is deleted',
}

function isPostEvent(type: string): type is PostEventType {
  return Object.hasOwn(RULES, type)
}

const EMPTY: PostFields = { title: '', slug: '', author: '', excerpt: '', content: '', tags: [] }

function initial(postId: string): PostState {
  return {
    postId,
    ...EMPTY,
    status: 'unknown',
    version: 0,
    createdAt: null,
    updatedAt: null,
    publishedAt: null,
    setBy: {},
    history: [],
  }
}

function apply(state: PostState, { event, offset }: FoldInput): PostState {
  const { type } = event
  if (!isPostEvent(type)) return state
  const from: readonly PostStatus[] = RULES[type].from
  if (!from.includes(state.status))
    return remember(state, { event, offset, type, changed: [], refused: reasonOf(type, state.status) })
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
    setBy: { ...state.setBy, ...Object.fromEntries(Object.keys(fields).map((name) => [name, offset])) },
  }
  return remember(next, { event, offset, type, changed })
}

function reasonOf(type: PostEventType, status: PostStatus): string {
  return type === 'blog.post.created' && status !== 'deleted' ? 'the post exists already' : REASONS[status]
}

type Remembered = Pick<PostChange, 'type' | 'offset' | 'changed'> & {
  readonly event: DomainEvent
  readonly refused?: string
}

function remember(state: PostState, { event, ...rest }: Remembered): PostState {
  const change = { at: timeOf(event), by: actorOf(event), ...rest }
  return { ...state, history: [...state.history, change].slice(-HISTORY_LENGTH) }
}

/** The author of a change whose event was erased. */
const NOBODY = 'erased'

/**
 * Returns a post without the fields that an erased event set, and without the name of its author. A field that was set
 * before posts knew by which event is removed too.
 */
function forget(state: PostState, { offset }: ErasedEvent): PostState {
  const { setBy = {}, history } = state
  const isTold = history.some((one) => one.offset === offset && one.by !== NOBODY)
  const names = Object.keys(EMPTY) as (keyof PostFields)[]
  const wasSet = (name: keyof PostFields) => state[name].length > 0 && (setBy[name] ?? offset) === offset
  const removed = names.filter(wasSet)
  if (!isTold && removed.length === 0) return state
  return {
    ...state,
    ...Object.fromEntries(removed.map((name) => [name, EMPTY[name]])),
    history: history.map((one) => (one.offset === offset ? { ...one, by: NOBODY } : one)),
  }
}

function timeOf({ time }: DomainEvent): string | null {
  return toUtc(time)
}

/** The state of each post, with its history. */
export const postsView = defineView<PostState>({
  description: 'The current state of each post and its history, including refused events.',
  lateEvents:
    'Events apply in the order of the log, not of their times. The last one in the log is the current one.',
  channels: ['blog.**'],
  keys: ({ event }) => {
    const postId = postIdOf(event)
    return postId !== null && isPostEvent(event.type) ? [postId] : []
  },
  initial,
  apply,
  erasing: {
    rule: 'The fields that the event set are removed, and the name of its author from the history; the id of the post, its status, and which fields changed when stay.',
    forget,
  },
})

/** Longest texts of a post, in characters. */
export const POST_LIMITS = {
  id: 128,
  title: 300,
  slug: 200,
  author: 120,
  excerpt: 1000,
  content: 18_000,
  tag: 50,
} as const
/** A state keeps this many bytes of JSON for each of these characters: enough for every script. */
const BYTES_PER_CHARACTER = 3
/** Longest name of an actor in a history, in bytes. */
const ACTOR_BYTES = 120
export const MOST_TAGS = 20

/** The fields of a post that an author writes. */
export type PostFields = {
  readonly title: string
  readonly slug: string
  readonly author: string
  readonly excerpt: string
  readonly content: string
  readonly tags: readonly string[]
}
const TEXTS = ['title', 'slug', 'author', 'excerpt', 'content'] as const

/** Returns the id of the post that an event is about: `data.postId`, otherwise the subject. Null if there is none. */
function postIdOf({ data, subject }: DomainEvent): string | null {
  const postId = (isRecord(data) ? data.postId : undefined) ?? subject
  return typeof postId === 'string' && postId !== '' && postId.length <= POST_LIMITS.id ? postId : null
}

/** Returns the author of a change: `data.by`, otherwise the event's source. */
function actorOf({ data, source }: DomainEvent): string {
  const by = isRecord(data) ? data.by : undefined
  return cutText(typeof by === 'string' && by !== '' ? by : source, ACTOR_BYTES)
}

/** Returns the fields of a post that an event sets, cut to their limits. */
function readFields({ data }: DomainEvent): Partial<PostFields> {
  if (!isRecord(data)) return {}
  const { tags } = data
  const texts = TEXTS.flatMap((name) => {
    const text = data[name]
    return typeof text === 'string' ? [[name, cutText(text, POST_LIMITS[name] * BYTES_PER_CHARACTER)]] : []
  })
  const fields = Object.fromEntries(texts) as Partial<PostFields>
  return Array.isArray(tags) ? { ...fields, tags: readTags(tags) } : fields
}

function readTags(tags: readonly unknown[]): string[] {
  const texts = tags
    .filter((tag) => typeof tag === 'string')
    .map((tag) => cutText(tag, POST_LIMITS.tag * BYTES_PER_CHARACTER))
  return [...new Set(texts)].slice(0, MOST_TAGS)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

/** The views of the domain without its schemas, so that a browser does not load the schema library. */
export const blogViews = { name: 'blog', views: { posts: postsView } } as const
