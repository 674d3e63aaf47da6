import { MOST_TAGS, POST_LIMITS, type PostFields, type PostState } from '#shared/domain/blog/blog-views.ts'

/** A post as typed into the form. */
export type PostDraft = { readonly [field in Exclude<keyof PostFields, 'tags'>]: string } & {
  readonly tags: string
}
export type PostErrors = { readonly [field in keyof PostDraft]?: string }

const TEXTS = ['title', 'slug', 'author', 'excerpt', 'content'] as const

export function emptyDraft(author: string): PostDraft {
  return { title: '', slug: '', author, excerpt: '', content: '', tags: '' }
}

export function toDraft({ title, slug, author, excerpt, content, tags }: PostFields): PostDraft {
  return { title, slug, author, excerpt, content, tags: tags.join(', ') }
}

/** Returns what is wrong with a draft, by field. */
export function checkPost(draft: PostDraft): PostErrors {
  const tooLong = TEXTS.filter((name) => draft[name].length > POST_LIMITS[name]).map((name) => [
    name,
    `${draft[name].length - POST_LIMITS[name]} characters too many: the maximum is ${POST_LIMITS[name]}.`,
  ])
  const tags = readTags(draft.tags)
  return {
    ...(draft.title.trim() === '' && { title: 'A post needs a title.' }),
    ...(!/^[a-z0-9-]*$/.test(draft.slug) && { slug: 'Lowercase letters, digits and "-" only.' }),
    ...(tags.length > MOST_TAGS && { tags: `At most ${MOST_TAGS} tags.` }),
    ...(tags.some((tag) => tag.length > POST_LIMITS.tag) && {
      tags: `A tag has at most ${POST_LIMITS.tag} characters.`,
    }),
    ...Object.fromEntries(tooLong),
  }
}

/** The fields of a draft. */
export function readDraft(draft: PostDraft): PostFields {
  return { ...draft, title: draft.title.trim(), tags: readTags(draft.tags) }
}

/** The fields of a new post. Its address is made from the title if none is typed. */
export function readNewDraft(draft: PostDraft): PostFields {
  const fields = readDraft(draft)
  return { ...fields, slug: fields.slug || slugOf(fields.title) }
}

/** Returns the changed fields. Only these are saved, so that the changes of others are not undone. */
export function changedFields(before: PostFields, after: PostFields): Partial<PostFields> {
  const names = (Object.keys(after) as (keyof PostFields)[]).filter(
    (name) => JSON.stringify(after[name]) !== JSON.stringify(before[name]),
  )
  return Object.fromEntries(names.map((name) => [name, after[name]]))
}

/** Returns who changed a post after the edited version; null if nobody did. */
export function changedMeanwhile(post: PostState, version: number): string | null {
  if (post.version <= version) return null
  return post.history.findLast(({ refused }) => refused === undefined)?.by ?? 'somebody'
}

/** Makes the part of an address from a title. */
export function slugOf(title: string): string {
  return title
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, POST_LIMITS.slug)
    .replaceAll(/^-+|-+$/g, '')
}

function readTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return [...new Set(tags.filter(Boolean))]
}
