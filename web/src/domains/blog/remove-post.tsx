import { useState } from 'react'
import type { PostState } from '#shared/domain/blog/posts-view.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  readonly post: PostState
  readonly act: PostActions['act']
  readonly refusal: string | null
  readonly onClose: () => void
}

/** Asks before a post is deleted. */
export function RemovePost({ post, act, refusal, onClose }: Props) {
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
          ? 'It is public now. Its history is kept, but it cannot be brought back.'
          : 'Its history is kept, but it cannot be brought back.'
      }
      onClose={onClose}
    >
      {(failure ?? refusal) && (
        <p className="post-note post-note-bad" role="alert">
          {failure ?? refusal}
        </p>
      )}
      <div className="dialog-buttons">
        <Button onClick={onClose}>Keep it</Button>
        <Button
          look="danger"
          icon="trash"
          refused={refusal ?? (isBusy ? 'Being deleted.' : null)}
          onClick={() => void remove()}
        >
          Delete the post
        </Button>
      </div>
    </Dialog>
  )
}
