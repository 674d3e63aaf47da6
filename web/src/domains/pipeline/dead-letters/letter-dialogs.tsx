import { type FormEvent, useEffect, useState } from 'react'
import { describeFailure, useApi } from '#web/live/api.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Loading } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import { type LetterFilter, sayCode } from './letter.ts'

/** How many letters a replay or a discard is about. */
type Count = {
  readonly count: number
  readonly byCode?: Readonly<Record<string, number>>
  readonly byTopic?: Readonly<Record<string, number>>
}

/** What is to be done with the letters of a filter. */
export type LetterJob = { readonly deed: 'replay' | 'discard'; readonly filter: LetterFilter }

/** Says a number of letters: "1 dead letter", "3,000 dead letters". */
export function sayLetters(count: number): string {
  return `${count.toLocaleString('en')} dead ${count === 1 ? 'letter' : 'letters'}`
}

/** Counts the letters of a filter; null until it is known. `at` counts again when it changes. */
export function useLetterCount(filter: LetterFilter, at: unknown): Count | string | null {
  const api = useApi()
  const [count, setCount] = useState<Count | string | null>(null)
  const text = JSON.stringify(filter)
  // biome-ignore lint/correctness/useExhaustiveDependencies: `at` changes when the letters may have
  useEffect(() => {
    let isLeft = false
    const body = { filter: JSON.parse(text) as LetterFilter, dryRun: true }
    api.post<Count>('/dead-letters/replay', body).then(
      (found) => isLeft || setCount(found),
      (error: unknown) => isLeft || setCount(describeFailure(error)),
    )
    return () => {
      isLeft = true
    }
  }, [api, text, at])
  return count
}

type Props = {
  readonly job: LetterJob
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** Counts what a replay or a discard is about, asks for its rate or its reason, and begins it. */
export function LetterDialog({ job: { deed, filter }, onDone, onClose }: Props) {
  const api = useApi()
  const count = useLetterCount(filter, null)
  const [rate, setRate] = useState('100')
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const known = count !== null && typeof count === 'object' ? count : null
  const isReplay = deed === 'replay'
  const wanting = inputProblem(isReplay, rate, reason)

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (known === null || known.count === 0 || wanting !== null || isBusy) return
    setBusy(true)
    try {
      const body = isReplay ? { filter, rate: Number(rate) } : { filter, reason: reason.trim() }
      const { total } = await api.post<{ total: number }>(`/dead-letters/${deed}`, body)
      const verb = isReplay ? 'replayed' : 'discarded'
      showToast({
        tone: 'good',
        title: `${sayLetters(total)} will be ${verb}`,
        detail: 'The tab Replays shows how far it is.',
      })
      onClose()
    } catch (error) {
      setFailure(describeFailure(error))
      setBusy(false)
    }
    await onDone()
  }
  const doing = isReplay ? 'Replay' : 'Discard'
  return (
    <Dialog
      open
      title={`${doing} dead letters`}
      lead={
        isReplay
          ? 'Their records are written to Kafka again. Events keep their id, so replaying twice changes nothing.'
          : 'They are settled and leave the list of open letters. Their records stay in Kafka until they expire.'
      }
      onClose={onClose}
    >
      <form className="pipeline-form" noValidate onSubmit={(event) => void submit(event)}>
        <CountOf count={count} verb={isReplay ? 'replayed' : 'discarded'} />
        {isReplay ? (
          <Field label="Records per second, at most" error={rate === '' ? null : wanting}>
            <input inputMode="numeric" value={rate} onChange={({ target }) => setRate(target.value)} />
          </Field>
        ) : (
          <Field label="Reason" hint="For the audit trail.">
            <input value={reason} maxLength={256} onChange={({ target }) => setReason(target.value)} />
          </Field>
        )}
        {failure !== null && (
          <p className="pipeline-bad" role="alert">
            {failure}
          </p>
        )}
        <div className="pipeline-buttons">
          <Button onClick={onClose}>Cancel</Button>
          <Button
            look={isReplay ? 'primary' : 'danger'}
            type="submit"
            refused={refusalOf(known, wanting, isBusy)}
          >
            {known === null ? doing : `${doing} ${known.count.toLocaleString('en')}`}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

function inputProblem(isReplay: boolean, rate: string, reason: string): string | null {
  if (!isReplay) return reason.trim() === '' ? 'Give a reason.' : null
  const isRate = /^\d{1,4}$/.test(rate) && Number(rate) >= 1 && Number(rate) <= 2000
  return isRate ? null : 'Give a whole number from 1 to 2000.'
}

function refusalOf(count: Count | null, wanting: string | null, isBusy: boolean): string | null {
  if (count === null) return 'Counting…'
  if (count.count === 0) return 'No letter matches.'
  return wanting ?? (isBusy ? 'Being sent…' : null)
}

function CountOf({ count, verb }: { readonly count: Count | string | null; readonly verb: string }) {
  if (count === null) return <Loading what="the count" lines={2} />
  if (typeof count === 'string')
    return (
      <p className="pipeline-bad" role="alert">
        {count}
      </p>
    )
  return (
    <div className="letter-count">
      <p>
        <strong>{sayLetters(count.count)}</strong>
        {` will be ${verb}.`}
      </p>
      <Parts of={count.byCode} say={sayCode} />
      <Parts of={count.byTopic} say={(topic) => topic} />
    </div>
  )
}

type PartsProps = {
  readonly of: Readonly<Record<string, number>> | undefined
  readonly say: (name: string) => string
}

function Parts({ of = {}, say }: PartsProps) {
  const parts = Object.entries(of).sort(([, a], [, b]) => b - a)
  if (parts.length === 0) return null
  return (
    <ul>
      {parts.map(([name, count]) => (
        <li key={name}>{`${say(name)}: ${count.toLocaleString('en')}`}</li>
      ))}
    </ul>
  )
}
