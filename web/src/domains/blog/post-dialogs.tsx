import type { PostState } from '#shared/domain/blog/posts-view.ts'
import type { LiveView } from '#web/live/use-view.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { PostForm } from './post-form.tsx'
import { PostHistory } from './post-history.tsx'
import { RemovePost } from './remove-post.tsx'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  readonly view: LiveView<PostState>
  readonly search: Search
  readonly actions: PostActions
  readonly refusal: string | null
  readonly onClose: () => void
}

/** The dialog that the address asks for: to write, to look back, or to delete. */
export function PostDialogs({ view, search, actions, refusal, onClose }: Props) {
  const { edit, history, remove } = search
  const postId = edit ?? history ?? remove
  if (postId === undefined) return null
  const post = view.states.get(postId)
  const more = { act: actions.act, refusal, onClose }
  if (edit === 'new') return <PostForm key="new" post={null} {...more} />
  if (post === undefined) return <MissingPost isLoading={view.status === 'loading'} onClose={onClose} />
  if (history !== undefined) return <PostHistory post={post} onClose={onClose} />
  return edit === undefined ? (
    <RemovePost post={post} {...more} />
  ) : (
    <PostForm key={postId} post={post} {...more} />
  )
}

function MissingPost({ isLoading, onClose }: { isLoading: boolean; onClose: () => void }) {
  return (
    <Dialog open title="Post" onClose={onClose}>
      {isLoading ? <Loading what="the post" /> : <StateMessage kind="empty" title="There is no such post" />}
    </Dialog>
  )
}
