import { type FormEvent, useState } from 'react'
import { ApiError, describeFailure, useApi } from '#web/live/api.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { bodyOf, type Draft, NEW_DRAFT } from './draft.ts'

type Count = { readonly count: number; readonly byTopic?: Readonly<Record<string, number>> }
type Created = { readonly total: number; readonly secret?: string }

const KINDS = [
  ['events', 'Send events again'],
  ['views', 'Rebuild views'],
] as const
const TARGETS = [
  ['url', 'To a URL'],
  ['connection', 'To a connection'],
] as const

type Props = { readonly reload: () => Promise<void>; readonly onClose: () => void }

/** Describes a replay, counts what it is about, and begins it. */
export function NewReplayDialog({ reload, onClose }: Props) {
  const api = useApi()
  const [draft, setDraft] = useState<Draft>(NEW_DRAFT)
  const [counted, setCounted] = useState<{ readonly draft: Draft; readonly count: Count } | null>(null)
  const [secret, setSecret] = useState<string | null>(null)
  const [failure, setFailure] = useState<unknown>(null)
  const [isBusy, setBusy] = useState(false)
  const count = counted?.draft === draft ? counted.count : null

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (isBusy) return
    setBusy(true)
    setFailure(null)
    try {
      if (count === null) {
        const found = await api.post<Count>('/replays', { ...bodyOf(draft), dryRun: true })
        setCounted({ draft, count: found })
      } else {
        const created = await api.post<Created>('/replays', bodyOf(draft))
        showToast({ tone: 'good', title: `A replay of ${created.total.toLocaleString('en')} records began` })
        if (created.secret === undefined) onClose()
        else setSecret(created.secret)
        await reload()
      }
    } catch (error) {
      setFailure(error)
    }
    setBusy(false)
  }
  if (secret !== null) return <SecretDialog secret={secret} onClose={onClose} />
  const change = (changed: Partial<Draft>) => setDraft({ ...draft, ...changed })
  return (
    <Dialog
      open
      title="New replay"
      lead="Of events to a URL or a connection, such as the history for a new dashboard; or of views from the log."
      onClose={onClose}
    >
      <form className="pipeline-form" noValidate onSubmit={(event) => void submit(event)}>
        <Segments label="Kind" value={draft.kind} options={KINDS} onChange={(kind) => change({ kind })} />
        {draft.kind === 'events' ? (
          <EventsFields draft={draft} failure={failure} change={change} />
        ) : (
          <ViewsFields draft={draft} failure={failure} change={change} />
        )}
        {failure !== null && (
          <p className="pipeline-bad" role="alert">
            {describeFailure(failure)}
          </p>
        )}
        {count !== null && <CountOf count={count} />}
        <div className="pipeline-buttons">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look="primary"
            type="submit"
            refused={isBusy ? 'Wait a moment…' : count?.count === 0 ? 'There is nothing to replay.' : null}
          >
            {count === null ? 'Count' : `Replay ${count.count.toLocaleString('en')}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

type FieldsProps = {
  readonly draft: Draft
  readonly failure: unknown
  readonly change: (changed: Partial<Draft>) => void
}

/** What the server finds wrong with a member of the request. */
function faultOf(failure: unknown, pointer: string): string | null {
  if (!(failure instanceof ApiError)) return null
  const found = failure.problem.errors?.find((one) => one.pointer.startsWith(pointer))
  return found?.detail ?? null
}

function EventsFields({ draft, failure, change }: FieldsProps) {
  const isUrl = draft.target === 'url'
  return (
    <>
      <Field
        label="Channels"
        hint="Patterns, separated by commas: port.*, market.tick.**"
        error={faultOf(failure, '/channels')}
      >
        <input value={draft.channels} onChange={({ target }) => change({ channels: target.value })} />
      </Field>
      <div className="replay-range">
        <Field label="From" error={faultOf(failure, '/from')}>
          <input
            type="datetime-local"
            value={draft.from}
            onChange={({ target }) => change({ from: target.value })}
          />
        </Field>
        <Field label="Until" hint="Now, if it is empty." error={faultOf(failure, '/to')}>
          <input
            type="datetime-local"
            value={draft.to}
            onChange={({ target }) => change({ to: target.value })}
          />
        </Field>
      </div>
      <Segments
        label="Target"
        value={draft.target}
        options={TARGETS}
        onChange={(target) => change({ target })}
      />
      <Field
        label={isUrl ? 'URL' : 'Id of the connection'}
        hint={
          isUrl
            ? 'Posts are signed as Standard Webhooks. The secret is shown once.'
            : 'The tab Connections lists them.'
        }
        error={faultOf(failure, '/target')}
      >
        <input value={draft.place} onChange={({ target }) => change({ place: target.value })} />
      </Field>
      <Field label="Events per second, at most" error={faultOf(failure, '/rate')}>
        <input
          inputMode="numeric"
          value={draft.rate}
          onChange={({ target }) => change({ rate: target.value })}
        />
      </Field>
    </>
  )
}

function ViewsFields({ draft, failure, change }: FieldsProps) {
  return (
    <>
      <Field
        label="Domains"
        hint="Names, separated by commas; all, if it is empty. Their views are rebuilt from the first record in Kafka."
        error={faultOf(failure, '/domains')}
      >
        <input value={draft.domains} onChange={({ target }) => change({ domains: target.value })} />
      </Field>
      <label className="replay-check">
        <input
          type="checkbox"
          checked={draft.acceptLoss}
          onChange={({ target }) => change({ acceptLoss: target.checked })}
        />
        Rebuild although Kafka no longer has the first records
      </label>
    </>
  )
}

function CountOf({ count: { count, byTopic = {} } }: { readonly count: Count }) {
  return (
    <div className="letter-count" role="status">
      <p>
        <strong>{`${count.toLocaleString('en')} ${count === 1 ? 'record' : 'records'}`}</strong> will be read.
      </p>
      <ul>
        {Object.entries(byTopic).map(([topic, own]) => (
          <li key={topic}>{`${topic}: ${own.toLocaleString('en')}`}</li>
        ))}
      </ul>
    </div>
  )
}

function SecretDialog({ secret, onClose }: { readonly secret: string; readonly onClose: () => void }) {
  return (
    <Dialog
      open
      title="The secret of this replay"
      lead="The receiver verifies the signature of each post with it. It is shown only now."
      onClose={onClose}
    >
      <p className="connections-id">
        <code>{secret}</code>
      </p>
      <div className="pipeline-buttons">
        <Button look="primary" onClick={onClose}>
          I have it
        </Button>
      </div>
    </Dialog>
  )
}
