import { type FormEvent, useState } from 'react'
import { describeFailure, useApi } from '#web/live/api.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import { showToast } from '#web/ui/overlay/toaster.tsx'
import type { FeedRow } from '../feed/feed-row.ts'

type Props = { readonly row: FeedRow; readonly title: string; readonly refused: string | null }
type Erased = { readonly also: readonly unknown[] }

/** Erases the data of an event for good, after a reason was given (docs/erasure.md). The log then tells the page. */
export function EraseButton({ row, title, refused }: Props) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button small look="danger" icon="trash" refused={refused} onClick={() => setOpen(true)}>
        Erase…
      </Button>
      {isOpen && <EraseDialog row={row} title={title} onClose={() => setOpen(false)} />}
    </>
  )
}

function EraseDialog({
  row,
  title,
  onClose,
}: Pick<Props, 'row' | 'title'> & { readonly onClose: () => void }) {
  const api = useApi()
  const [reason, setReason] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  const missing = reason.trim() === '' ? 'Say why first' : null

  async function submit(event: FormEvent) {
    event.preventDefault()
    if (missing !== null || isBusy) return
    setBusy(true)
    try {
      const { id, source } = row.positioned.event
      const path = `/events/${encodeURIComponent(id)}/erase?${new URLSearchParams({ source })}`
      const { also } = await api.post<Erased>(path, { reason: reason.trim() })
      const others = also.length === 1 ? '1 other event' : `${also.length} other events`
      showToast({
        tone: 'good',
        title: `Erased: ${title}`,
        ...(also.length > 0 && { detail: `With it ${others} that repeated its data.` }),
      })
      onClose()
    } catch (error) {
      setFailure(describeFailure(error))
      setBusy(false)
    }
  }

  return (
    <Dialog
      open
      title="Erase the data of this event?"
      lead="Its data, and that of the events that repeat it, is removed for good. Its type, time and position stay, and Kafka keeps the records until their retention ends."
      onClose={onClose}
    >
      <form className="case-erase" noValidate onSubmit={(event) => void submit(event)}>
        <Field label="Reason" hint="For the audit trail.">
          <input value={reason} maxLength={500} onChange={({ target }) => setReason(target.value)} />
        </Field>
        {failure !== null && (
          <p className="case-problem" role="alert">
            {failure}
          </p>
        )}
        <div className="case-erase-buttons">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="danger" type="submit" refused={missing}>
            {isBusy ? 'Erasing…' : 'Erase for good'}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
