import { useEffect, useRef, useState } from 'react'
import type { PostState } from '#shared/domain/blog/posts-view.ts'
import { holdOrder } from './list-posts.ts'

/**
 * The posts in an order that stands still while somebody points at the list or works in it. `release` lets in what
 * waits; another `filter` does so too.
 */
export function useHeldPosts(posts: readonly PostState[], filter: string) {
  const [isHeld, setHeld] = useState(false)
  const [, renew] = useState(0)
  const shown = useRef<{ readonly filter: string; readonly ids: readonly string[] }>({ filter: '', ids: [] })
  const wanted = posts.map(({ postId }) => postId)
  const isSame = isHeld && shown.current.filter === filter && shown.current.ids.length > 0
  const { ids, waiting } = isSame ? holdOrder(shown.current.ids, wanted) : { ids: wanted, waiting: 0 }
  useEffect(() => {
    shown.current = { filter, ids }
  })
  const byId = new Map(posts.map((post) => [post.postId, post]))
  return {
    posts: ids.flatMap((id) => byId.get(id) ?? []),
    waiting,
    hold: setHeld,
    release: () => {
      shown.current = { filter: '', ids: [] }
      renew((count) => count + 1)
    },
  }
}
