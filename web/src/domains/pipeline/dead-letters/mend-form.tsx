import { type FormEvent, useState } from 'react'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { draftOf, filterOfPositions, type OpenedLetter, parseDraft } from './letter.ts'

type Props = {
  readonly letter: OpenedLetter
  readonly onDone: () => Promise<void>
  readonly onCancel: () => void
  readonly onClose: () => void
}

type Failure = { readonly detail: string; readonly faults: readonly { pointer: string; detail: string }[] }

/** Edits the event of a dead letter, and replays it in its place. What the server finds wrong is shown below the text. */
export function MendForm({ letter, onDone, onCancel, onClose }: Props) {
  const api = useApi()
  const [draft, setDraft] = useState(() => draftOf(letter))
  const [failure, setFailure] = useState<Failure | null>(null)
  const [isBusy, setBusy] = useState(false)
  async function submit(submitted: FormEvent) {
    submitted.preventDefault()
    if (isBusy) return
    const read = parseDraft(draft)
    if ('problem' in read) return setFailure({ detail: read.problem, faults: [] })
    setBusy(true)
    setFailure(null)
    try {
      const filter = filterOfPositions([letter], letter.status)
      await api.post('/dead-letters/replay', { filter, event: read.event })
      showToast({
        tone: 'good',
        title: 'The mended event is being replayed',
        detail: 'The tab Replays shows when it is done.',
      })
      onClose()
    } catch (error) {
      setFailure(failureOf(error))
      setBusy(false)
    }
    await onDone()
  }
  return (
    <form className="pipeline-form" noValidate onSubmit={(event) => void submit(event)}>
      <p>{letter.reason}</p>
      <Field
        label="Event"
        hint="The CloudEvent as JSON. It takes the place of the record, in the same topic, and keeps its id and source."
        error={failure?.detail ?? null}
      >
        <textarea
          className="letter-editor"
          spellCheck={false}
          rows={18}
          value={draft}
          onChange={({ target }) => setDraft(target.value)}
        />
      </Field>
      {failure && failure.faults.length > 0 && (
        <ul className="letter-faults" aria-label="What is wrong">
          {failure.faults.map(({ pointer, detail }) => (
            <li key={`${pointer} ${detail}`}>
              <code>{pointer || '/'}</code>
              {` ${detail}`}
            </li>
          ))}
        </ul>
      )}
      <div className="pipeline-buttons">
        <Button onClick={onCancel}>Back</Button>
        <Button look="primary" type="submit" refused={isBusy ? 'Being sent…' : null}>
          Replay the mended event
        </Button>
      </div>
    </form>
  )
}

/** The pointers of the server are into its request; those of the event are shown without its name. */
function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { detail: describeFailure(error), faults: [] }
  const { detail, title, errors = [] } = error.problem
  const faults = errors.map((one) => ({ ...one, pointer: one.pointer.replace(/^\/event(?=\/|$)/, '') }))
  return { detail: faults.length > 0 ? title : (detail ?? title), faults }
}
