import { useState } from 'react'
import type { PostChange, PostState } from '#shared/domain/blog/blog-views.ts'
import type { LiveView } from '#web/live/use-view.tsx'
import { Badge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { PostForm } from './post-form.tsx'
import { EVENT_WORDS, STATUS_WORDS } from './post-words.ts'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  readonly view: LiveView<PostState>
  readonly search: Search
  readonly actions: PostActions
  readonly refusal: string | null
  readonly onClose: () => void
}

/** The dialog that the address names: to edit a post, show its history, or delete it. */
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

type RemoveProps = {
  readonly post: PostState
  readonly act: PostActions['act']
  readonly refusal: string | null
  readonly onClose: () => void
}

/** Asks for confirmation before a post is deleted. */
function RemovePost({ post, act, refusal, onClose }: RemoveProps) {
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  async function remove() {
    setBusy(true)
    const reason = await act('blog.post.deleted', post)
    setBusy(false)
    if (reason === null) onClose()
    else setFailure(reason)
  }
  return (
    <Dialog
      open
      title={`Delete “${post.title || post.postId}”?`}
      lead={
        post.status === 'published'
          ? 'It is public now. It cannot be restored; its history is kept.'
          : 'It cannot be restored; its history is kept.'
      }
      onClose={onClose}
    >
      {(failure ?? refusal) && (
        <p className="post-note post-note-bad" role="alert">
          {failure ?? refusal}
        </p>
      )}
      <div className="dialog-buttons">
        <Button onClick={onClose}>Cancel</Button>
        <Button
          look="danger"
          icon="trash"
          refused={refusal ?? (isBusy ? 'Deleting…' : null)}
          onClick={() => void remove()}
        >
          Delete the post
        </Button>
      </div>
    </Dialog>
  )
}

/** The history of a post, newest first, including refused changes with the reason. */
function PostHistory({ post, onClose }: { post: PostState; onClose: () => void }) {
  const { title, postId, status, version, history } = post
  const { word, tone } = STATUS_WORDS[status]
  return (
    <Dialog open shape="drawer" title={title || postId} lead={`History of ${postId}`} onClose={onClose}>
      <p>
        <Badge tone={tone}>{word}</Badge> Version {version}
      </p>
      <ol className="post-history">
        {history.toReversed().map((change, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: changes have no ids; their number from the first is stable
          <HistoryItem key={history.length - index} change={change} />
        ))}
      </ol>
    </Dialog>
  )
}

function HistoryItem({ change }: { change: PostChange }) {
  const { at, by, type, changed, refused } = change
  return (
    <li>
      <small>
        <Time value={at ?? undefined} full />
      </small>
      <p>
        <strong>{by}</strong> {EVENT_WORDS[type][refused === undefined ? 'did' : 'tried']}
        {changed.length > 0 && <small>{`: ${changed.join(', ')}`}</small>}
      </p>
      {refused !== undefined && <p className="post-refused">Refused: {refused}.</p>}
    </li>
  )
}
