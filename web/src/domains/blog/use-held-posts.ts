import { useEffect, useRef, useState } from 'react'
import type { PostState } from '#shared/domain/blog/posts-view.ts'
import type { Attention } from '#web/ui/state/use-attention.ts'
import { holdOrder } from './list-posts.ts'

/**
 * The posts in an order that stands still while somebody points at the list or works in it. `release` lets in what
 * waits; another `filter` does so too. `all` are those of any filter.
 */
export function useHeldPosts(
  posts: readonly PostState[],
  all: ReadonlyMap<string, PostState>,
  filter: string,
) {
  const [held, setHeld] = useState<Attention>(null)
  const [, renew] = useState(0)
  const shown = useRef<{ readonly filter: string; readonly ids: readonly string[] }>({ filter: '', ids: [] })
  const wanted = posts.map(({ postId }) => postId)
  const isSame = held !== null && shown.current.filter === filter && shown.current.ids.length > 0
  const { ids, waiting } = isSame
    ? holdOrder(shown.current.ids, wanted, held === 'pointed')
    : { ids: wanted, waiting: 0 }
  useEffect(() => {
    shown.current = { filter, ids }
  })
  return {
    posts: ids.flatMap((id) => all.get(id) ?? []),
    waiting,
    hold: setHeld,
    release: () => {
      shown.current = { filter: '', ids: [] }
      renew((count) => count + 1)
    },
  }
}
