import { type FormEvent, useState } from 'react'
import type { PostState } from '#shared/domain/blog/posts-view.ts'
import { useAccess } from '#web/live/access.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import {
  changedFields,
  changedMeanwhile,
  checkPost,
  emptyDraft,
  type PostDraft,
  readDraft,
  readNewDraft,
  toDraft,
} from './check-post.ts'
import { PostFieldset } from './post-fieldset.tsx'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  /** Null for a new one. */
  readonly post: PostState | null
  readonly act: PostActions['act']
  readonly refusal: string | null
  readonly onClose: () => void
}

/** Writes a new post, or changes one. What others change meanwhile is told, and only the own changes are written. */
export function PostForm({ post, act, refusal, onClose }: Props) {
  const { name } = useAccess()
  const [opened] = useState(post)
  const [draft, setDraft] = useState(() => (post ? toDraft(post) : emptyDraft(name)))
  const [isChecked, setChecked] = useState(false)
  const { failure, isBusy, save } = useSaving(opened, act, onClose)
  const errors = isChecked ? checkPost(draft) : {}
  const other = post && opened ? changedMeanwhile(post, opened.version) : null

  function submit(event: FormEvent) {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(checkPost(draft)).length === 0 && refusal === null) void save(draft)
  }
  return (
    <Dialog open title={opened ? 'Edit the post' : 'New post'} onClose={onClose}>
      <form className="post-form" noValidate onSubmit={submit}>
        {other !== null && (
          <p className="post-note" role="status">
            {other} changed this post while you write. Only the fields that you change are saved.
          </p>
        )}
        <PostFieldset
          isNew={opened === null}
          draft={draft}
          errors={errors}
          onChange={(change) => setDraft({ ...draft, ...change })}
        />
        {(failure ?? refusal) && (
          <p className="post-note post-note-bad" role="alert">
            {failure ?? refusal}
          </p>
        )}
        <div className="dialog-buttons">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" refused={refusal ?? (isBusy ? 'Being saved.' : null)}>
            {opened ? 'Save' : 'Create the draft'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Saves what was typed; a failure stays in the form, so that nothing that was written is lost. */
function useSaving(opened: PostState | null, act: PostActions['act'], onClose: () => void) {
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  async function save(draft: PostDraft) {
    const changes = opened ? changedFields(opened, readDraft(draft)) : readNewDraft(draft)
    if (Object.keys(changes).length === 0) return onClose()
    setBusy(true)
    const target = opened ?? { postId: crypto.randomUUID(), title: draft.title }
    const reason = await act(opened ? 'blog.post.updated' : 'blog.post.created', target, changes)
    setBusy(false)
    setFailure(reason)
    if (reason === null) onClose()
  }
  return { failure, isBusy, save }
}
