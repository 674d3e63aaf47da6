import { useState } from 'react'
import type { PostState } from '#shared/domain/blog/posts-view.ts'
import { DataTable } from '#web/ui/data/data-table.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { useAttention } from '#web/ui/state/use-attention.ts'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { PostRow } from './post-row.tsx'
import { useHeldPosts } from './use-held-posts.ts'
import type { PostActions } from './use-post-actions.ts'

const PAGE = 50
const HEADS = ['Post', 'Status', 'Author', 'Changed'] as const

type Props = {
  readonly posts: readonly PostState[]
  /** All that there are, whatever the filter: what leaves the list under a pointer stays in sight until it is gone. */
  readonly all: ReadonlyMap<string, PostState>
  /** Another filter is another list. */
  readonly filter: string
  readonly actions: PostActions
  readonly refusal: string | null
  readonly change: (change: Search, push?: 'push') => void
}

/** The posts, what changed last first. The order stands still while somebody points at them. */
export function PostTable({ posts, all, filter, actions, refusal, change }: Props) {
  const held = useHeldPosts(posts, all, filter)
  const attention = useAttention(held.hold)
  const [pages, setPages] = useState(1)
  const shown = held.posts.slice(0, pages * PAGE)
  return (
    <div {...attention}>
      <div className="posts-waiting" role="status">
        {held.waiting > 0 && (
          <Button small icon="up" onClick={held.release}>
            {held.waiting === 1 ? 'Show 1 new post' : `Show ${held.waiting} new posts`}
          </Button>
        )}
      </div>
      <DataTable caption="Posts, what changed last first" narrow="cards">
        <thead>
          <tr>
            {HEADS.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((post) => (
            <PostRow
              key={post.postId}
              post={post}
              busy={actions.busy.get(post.postId)}
              act={actions.act}
              refusal={refusal}
              change={change}
            />
          ))}
        </tbody>
      </DataTable>
      {held.posts.length > shown.length && (
        <div className="posts-more">
          <Button small onClick={() => setPages(pages + 1)}>
            {`Show more: ${held.posts.length - shown.length} are left`}
          </Button>
        </div>
      )}
    </div>
  )
}
