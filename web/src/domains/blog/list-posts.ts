import type { PostState } from '#shared/domain/blog/posts-view.ts'

export const STATUSES = ['draft', 'published', 'deleted'] as const
export type ShownStatus = (typeof STATUSES)[number]
/** What the address asks for: a status ("" is all that is not deleted), and words that a post has to have. */
export type PostFilter = { readonly status: string; readonly find: string }

/** The posts that a filter lets through, what changed last first. Posts that nobody created are never among them. */
export function listPosts(posts: Iterable<PostState>, { status, find }: PostFilter): PostState[] {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean)
  return [...posts]
    .filter((post) =>
      status === '' ? post.status === 'draft' || post.status === 'published' : post.status === status,
    )
    .filter((post) => {
      const text = textOf(post)
      return words.every((word) => text.includes(word))
    })
    .sort(byChange)
}

/** How many posts have each status. */
export function countPosts(posts: Iterable<PostState>): { readonly [status in ShownStatus]: number } {
  const counts = { draft: 0, published: 0, deleted: 0 }
  for (const { status } of posts) if (status !== 'unknown') counts[status]++
  return counts
}

function textOf({ title, slug, author, excerpt, tags, postId }: PostState): string {
  return [title, slug, author, excerpt, postId, ...tags].join('\n').toLowerCase()
}

function byChange(one: PostState, two: PostState): number {
  const [first, second] = [one.updatedAt ?? '', two.updatedAt ?? '']
  if (first !== second) return first > second ? -1 : 1
  return one.postId < two.postId ? -1 : 1
}

/**
 * The order of a list that somebody works in: what is shown keeps its place, and what came waits. While the pointer is
 * over it, even what has left the list stays, so that nothing moves away under it. Answers the ids to show, and how
 * many wait.
 */
export function holdOrder(
  shown: readonly string[],
  wanted: readonly string[],
  isPointed: boolean,
): { readonly ids: readonly string[]; readonly waiting: number } {
  const isShown = new Set(shown)
  const isWanted = new Set(wanted)
  return {
    ids: isPointed ? shown : shown.filter((id) => isWanted.has(id)),
    waiting: wanted.filter((id) => !isShown.has(id)).length,
  }
}
