import { cutText } from '#shared/domain/cut-text.ts'
import type { DomainEvent } from '#shared/domain/define-domain.ts'

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
/** What a state keeps of a text, in bytes of JSON for each of these characters: enough for every script. */
const BYTES_PER_CHARACTER = 3
/** Longest name of an actor in a history, in bytes. */
const ACTOR_BYTES = 120
export const MOST_TAGS = 20

/** What an author writes of a post. */
export type PostFields = {
  readonly title: string
  readonly slug: string
  readonly author: string
  readonly excerpt: string
  readonly content: string
  readonly tags: readonly string[]
}
const TEXTS = ['title', 'slug', 'author', 'excerpt', 'content'] as const

/** The post that an event is about: `data.postId`, else the subject. */
export function postIdOf({ data, subject }: DomainEvent): string | null {
  const postId = (isRecord(data) ? data.postId : undefined) ?? subject
  return typeof postId === 'string' && postId !== '' && postId.length <= POST_LIMITS.id ? postId : null
}

/** Who did it: `data.by`, else the event's source. */
export function actorOf({ data, source }: DomainEvent): string {
  const by = isRecord(data) ? data.by : undefined
  return cutText(typeof by === 'string' && by !== '' ? by : source, ACTOR_BYTES)
}

/** The fields of a post that an event gives a value. */
export function readFields({ data }: DomainEvent): Partial<PostFields> {
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
