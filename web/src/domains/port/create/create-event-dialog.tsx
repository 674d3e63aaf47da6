import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useRef, useState } from 'react'
import { approximate } from '#shared/core/json/exact-json.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import { useAccess } from '#web/live/access.tsx'
import { ApiError, useApi } from '#web/live/api.ts'
import { useConnection } from '#web/live/freshness.tsx'
import { rightProblem } from '#web/live/rights.ts'
import { WithQueries } from '#web/live/with-queries.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { type Faults, findFaults, type JsonSchema } from '#web/ui/form/json-schema.ts'
import { readSchemaForm, SchemaFields } from '#web/ui/form/schema-form.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { CREATING } from './creating.ts'
import './create-event-dialog.css'

type EventType = { readonly type: string; readonly description: string; readonly schema: JsonSchema }
type Catalog = {
  readonly domains: readonly { readonly name: string; readonly types: readonly EventType[] }[]
}

/** A form for an event of the port. Its fields and rules come from the catalog. */
export function CreateEventDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog
      open
      shape="drawer"
      title="Create an event"
      lead="It is checked, written to the log, and comes back live."
      onClose={onClose}
    >
      <WithQueries>
        <CatalogForm onCreated={onClose} />
      </WithQueries>
    </Dialog>
  )
}

function CatalogForm({ onCreated }: { onCreated: () => void }) {
  const api = useApi()
  const { data, error, refetch } = useQuery({
    queryKey: ['catalog'],
    queryFn: ({ signal }) => api.get<Catalog>('/catalog', { signal }),
  })
  const types = data?.domains
    .find(({ name }) => name === 'port')
    ?.types.filter(({ type }) => !type.startsWith('port.lifecycle.'))
  if (error)
    return (
      <StateMessage kind="error" title="The catalog could not be read" detail={error.message}>
        <Button onClick={() => void refetch()}>Try again</Button>
      </StateMessage>
    )
  return types ? <CreateForm types={types} onCreated={onCreated} /> : <Loading what="the form" lines={8} />
}

function CreateForm({ types, onCreated }: { types: readonly EventType[]; onCreated: () => void }) {
  const api = useApi()
  const { refusal } = useConnection()
  const problem = rightProblem(useAccess(), CREATING)
  const form = useRef<HTMLFormElement>(null)
  const [type, setType] = useState(types[0]?.type ?? '')
  const [faults, setFaults] = useState<Faults>({})
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const chosen = types.find((one) => one.type === type)

  function show(found: Faults, words: string | null) {
    setFaults(found)
    setFailure(words)
    requestAnimationFrame(() => form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
  }
  async function submit(submitted: FormEvent<HTMLFormElement>) {
    submitted.preventDefault()
    if (problem !== null) return
    const typed = new FormData(submitted.currentTarget)
    const { value, faults: unread } = readSchemaForm(chosen?.schema ?? {}, typed)
    const found = { ...findFaults(chosen?.schema ?? {}, approximate(value)), ...unread }
    const count = Object.keys(found).length
    if (count > 0) return show(found, `${count} ${count === 1 ? 'field is' : 'fields are'} not valid yet.`)
    const [subject, severity] = [String(typed.get('subject')).trim(), String(typed.get('severity'))]
    setBusy(true)
    try {
      await api.post('/events', {
        type,
        data: value,
        ...(subject && { subject }),
        ...(severity && { severity }),
      })
      showToast({ tone: 'good', title: 'The event was created' })
      onCreated()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      show(faultsOf(error), error.message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <form ref={form} className="create-form" noValidate onSubmit={submit}>
      <Field label="What happened" {...(chosen && { hint: chosen.description })}>
        <select name="type" value={type} onChange={({ target }) => setType(target.value)}>
          {types.map((one) => (
            <option key={one.type}>{one.type}</option>
          ))}
        </select>
      </Field>
      <div className="create-pair">
        <Field label="Subject" hint="What it is about">
          <input name="subject" autoComplete="off" />
        </Field>
        <Field label="Severity">
          <select name="severity">
            <option value="">default</option>
            {SEVERITIES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </Field>
      </div>
      {chosen && <SchemaFields key={type} schema={chosen.schema} faults={faults} />}
      <p className="create-problem" role="alert">
        {problem ?? failure}
      </p>
      <Button type="submit" look="primary" disabled={isBusy} refused={problem ?? refusal}>
        {isBusy ? 'Creating…' : 'Create the event'}
      </Button>
    </form>
  )
}

/** The server's pointers are relative to the event; the fields are relative to its data. */
function faultsOf({ problem }: ApiError): Faults {
  return Object.fromEntries(
    (problem.errors ?? []).map(({ pointer, detail }) => [pointer.replace(/^\/data/, ''), detail]),
  )
}
