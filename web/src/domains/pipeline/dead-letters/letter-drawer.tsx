import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { exactEvent } from '#shared/core/json/received-event.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure, useApi } from '#web/live/api.ts'
import { rightProblem } from '#web/live/rights.ts'
import { Badge } from '#web/ui/data/badge.tsx'
import { Time } from '#web/ui/data/times.tsx'
import { Button } from '#web/ui/form/button.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { filterOfPositions, HEX_BYTES, hexOf, type OpenedLetter, sayCode, textOf } from './letter.ts'
import type { LetterJob } from './letter-dialogs.tsx'
import { MendForm } from './mend-form.tsx'

type Props = {
  /** Its position, as the address names it. */
  readonly name: string
  readonly onJob: (job: LetterJob) => void
  readonly onDone: () => Promise<void>
  readonly onClose: () => void
}

/** One dead letter: why it is one, its record in all forms, and what can be done about it. */
export function LetterDrawer({ name, onJob, onDone, onClose }: Props) {
  const api = useApi()
  const [letter, setLetter] = useState<OpenedLetter | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const load = useCallback(
    () =>
      api
        .get<OpenedLetter>(`/dead-letters/${name.split('/').map(encodeURIComponent).join('/')}`)
        .then(setLetter, (error: unknown) => setFailure(describeFailure(error))),
    [api, name],
  )
  useEffect(() => void load(), [load])
  return (
    <Dialog open shape="drawer" title={`Dead letter ${name}`} onClose={onClose}>
      {failure !== null && <StateMessage kind="error" title="It could not be loaded" detail={failure} />}
      {failure === null && letter === null && <Loading what="the dead letter" lines={8} />}
      {letter && <OpenLetter letter={letter} onJob={onJob} onDone={onDone} onClose={onClose} />}
    </Dialog>
  )
}

type OpenProps = Omit<Props, 'name'> & { readonly letter: OpenedLetter }

function OpenLetter({ letter, onJob, onDone, onClose }: OpenProps) {
  const user = useAccess()
  const [isMending, setMending] = useState(false)
  const replayProblem = rightProblem(user, 'dead-letters.replay')
  const filter = filterOfPositions([letter], letter.status)
  if (isMending)
    return <MendForm letter={letter} onDone={onDone} onCancel={() => setMending(false)} onClose={onClose} />
  return (
    <div className="letter">
      <Facts letter={letter} />
      <div className="letter-actions">
        <Button
          look="primary"
          refused={replayProblem ?? mendProblem(letter)}
          onClick={() => setMending(true)}
        >
          Mend and replay
        </Button>
        <Button refused={replayProblem} onClick={() => onJob({ deed: 'replay', filter })}>
          Replay as it is
        </Button>
        {letter.status === 'open' && (
          <Button
            look="danger"
            refused={rightProblem(user, 'dead-letters.discard')}
            onClick={() => onJob({ deed: 'discard', filter })}
          >
            Discard
          </Button>
        )}
      </div>
      <LetterRecord letter={letter} />
    </div>
  )
}

/** Why an event cannot take the place of a letter, in words; null if it can. */
function mendProblem({ status, consumer }: OpenedLetter): string | null {
  if (status !== 'open') return `It is ${status} already.`
  return consumer === 'fold'
    ? 'The event is in the log as it is, and only a view could not use it: replay it as it is.'
    : null
}

function Facts({ letter }: { readonly letter: OpenedLetter }) {
  const { reason, code, consumer, attempts, timestamp, found, status, settled, trace } = letter
  return (
    <>
      <p className="letter-reason">
        <Badge tone="bad">{sayCode(code)}</Badge> {reason}
      </p>
      <dl className="letter-facts">
        <Fact name="Status">{status}</Fact>
        {settled && (
          <Fact name="Settled">
            <Time value={settled.at} />
            {` by ${settled.by}`}
            {settled.reason && `: ${settled.reason}`}
            {settled.replay && (
              <>
                {' in '}
                <a href={`/pipeline/replays?replay=${settled.replay}`}>this replay</a>
              </>
            )}
          </Fact>
        )}
        <Fact name="Found">
          {found !== undefined && <Time value={found} />}
          {` by ${consumer} after ${attempts} ${attempts === 1 ? 'try' : 'tries'}`}
        </Fact>
        <Fact name="Written">
          <Time value={timestamp} />
        </Fact>
        {letter.type && <Fact name="Type">{letter.type}</Fact>}
        {letter.source && <Fact name="Source">{letter.source}</Fact>}
        {letter.id && <Fact name="Id">{letter.id}</Fact>}
        {letter.key !== null && <Fact name="Key">{textOf(letter.key)}</Fact>}
        {trace && <Fact name="Trace">{trace}</Fact>}
      </dl>
    </>
  )
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const FORMS = [
  ['event', 'Event'],
  ['text', 'Text'],
  ['hex', 'Hex'],
  ['headers', 'Headers'],
] as const

/** The record as its event, as text, as bytes, and its headers. */
function LetterRecord({ letter }: { readonly letter: OpenedLetter }) {
  const { event, dataJson, value, truncated, headers = [] } = letter
  const [form, setForm] = useState<(typeof FORMS)[number][0]>(event === null ? 'text' : 'event')
  const nothing = value === null ? 'The record has no value, or it was erased.' : null
  const shown = {
    event:
      event === null
        ? 'The record could not be decoded as an event.'
        : JSON.stringify(exactEvent({ event, dataJson }), null, 2),
    text: nothing ?? textOf(value),
    hex: value === null ? nothing : hexOf(value),
    headers:
      headers.length === 0
        ? 'The record has no headers.'
        : headers.map((one) => `${one.name}: ${textOf(one.value)}`).join('\n'),
  }[form]
  return (
    <section className="letter-record" aria-label="Record">
      <Segments label="Form of the record" value={form} options={FORMS} onChange={setForm} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <pre tabIndex={0}>{shown}</pre>
      {truncated && <p>Only the first 256 KB are kept; the whole record is in Kafka.</p>}
      {form === 'hex' && value !== null && value.length > (HEX_BYTES * 4) / 3 && (
        <p>{`The first ${HEX_BYTES.toLocaleString('en')} bytes.`}</p>
      )}
    </section>
  )
}
