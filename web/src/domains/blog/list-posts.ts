import { foldText } from '#shared/core/text/fold-text.ts'
import type { PostState } from '#shared/domain/blog/blog-views.ts'

export const STATUSES = ['draft', 'published', 'deleted'] as const
export type ShownStatus = (typeof STATUSES)[number]
/** The filter in the address: a status ("" is every post that is not deleted), and words that a post must contain. */
export type PostFilter = { readonly status: string; readonly find: string }

/** Returns the posts that match a filter, last changed first. Posts without a `created` event never match. */
export function listPosts(posts: Iterable<PostState>, { status, find }: PostFilter): PostState[] {
  const words = foldText(find).split(/\s+/).filter(Boolean)
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

/** Counts the posts of each status. */
export function countPosts(posts: Iterable<PostState>): { readonly [status in ShownStatus]: number } {
  const counts = { draft: 0, published: 0, deleted: 0 }
  for (const { status } of posts) if (status !== 'unknown') counts[status]++
  return counts
}

function textOf({ title, slug, author, excerpt, tags, postId }: PostState): string {
  return foldText([title, slug, author, excerpt, postId, ...tags].join('\n'))
}

function byChange(one: PostState, two: PostState): number {
  const [first, second] = [one.updatedAt ?? '', two.updatedAt ?? '']
  if (first !== second) return first > second ? -1 : 1
  return one.postId < two.postId ? -1 : 1
}

/**
 * Holds the order of a list in use: shown rows keep their place, and new ones wait. While the pointer is over the list,
 * even removed rows stay, so that nothing moves under it. Returns the ids to show, and how many rows wait.
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
