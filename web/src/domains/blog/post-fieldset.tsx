import { Field } from '#web/ui/form/field.tsx'
import { type PostDraft, type PostErrors, slugOf } from './check-post.ts'

type Props = {
  readonly draft: PostDraft
  readonly isNew: boolean
  readonly errors: PostErrors
  readonly onChange: (change: Partial<PostDraft>) => void
}

/** The fields of a post. */
export function PostFieldset({ draft, isNew, errors, onChange }: Props) {
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
        {/* The dialog would put the focus on its closing button. */}
        {text('title', { autoFocus: true })}
      </Field>
      <div className="post-pair">
        <Field
          label="Address"
          hint={isNew ? 'Empty: made from the title.' : 'The last part of its link.'}
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
