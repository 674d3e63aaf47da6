import { type FormEvent, useState } from 'react'
import type { PostState } from '#shared/domain/blog/blog-views.ts'
import { useAccess } from '#web/live/access.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import {
  changedFields,
  changedMeanwhile,
  checkPost,
  emptyDraft,
  type PostDraft,
  type PostErrors,
  readDraft,
  readNewDraft,
  slugOf,
  toDraft,
} from './check-post.ts'
import type { PostActions } from './use-post-actions.ts'

type Props = {
  /** Null for a new post. */
  readonly post: PostState | null
  readonly act: PostActions['act']
  readonly refusal: string | null
  readonly onClose: () => void
}

/** Creates a post or changes one. Warns if others change it meanwhile, and saves only the fields that the user changed. */
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
            {other} changed this post while you were editing. Only the fields that you change are saved.
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
          <Button look="primary" type="submit" refused={refusal ?? (isBusy ? 'Saving…' : null)}>
            {opened ? 'Save' : 'Create the draft'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

/** Saves the draft. On failure the form stays open with the reason, so that nothing typed is lost. */
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

type FieldsetProps = {
  readonly draft: PostDraft
  readonly isNew: boolean
  readonly errors: PostErrors
  readonly onChange: (change: Partial<PostDraft>) => void
}

/** The fields of a post. */
function PostFieldset({ draft, isNew, errors, onChange }: FieldsetProps) {
  const text = (name: keyof PostDraft, more: { placeholder?: string; autoFocus?: boolean } = {}) => (
    <input
      autoComplete="off"
      value={draft[name]}
      onChange={({ target }) => onChange({ [name]: target.value })}
      {...more}
    />
  )
  const area = (name: keyof PostDraft, rows: number) => (
    <textarea rows={rows} value={draft[name]} onChange={({ target }) => onChange({ [name]: target.value })} />
  )
  return (
    <>
      <Field label="Title" error={errors.title ?? null}>
        {/* Otherwise the dialog focuses its close button. */}
        {text('title', { autoFocus: true })}
      </Field>
      <div className="post-pair">
        <Field
          label="Address"
          hint={isNew ? 'Made from the title if empty.' : 'The last part of its link.'}
          error={errors.slug ?? null}
        >
          {text('slug', { placeholder: isNew ? slugOf(draft.title) : '' })}
        </Field>
        <Field label="Author" error={errors.author ?? null}>
          {text('author')}
        </Field>
      </div>
      <Field label="Tags" hint="Separated by commas." error={errors.tags ?? null}>
        {text('tags')}
      </Field>
      <Field label="Excerpt" error={errors.excerpt ?? null}>
        {area('excerpt', 2)}
      </Field>
      <Field label="Content" error={errors.content ?? null}>
        {area('content', 8)}
      </Field>
    </>
  )
}
