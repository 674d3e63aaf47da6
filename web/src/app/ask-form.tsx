import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from '#web/ui/form/button.tsx'

type AskProps = {
  readonly lead: string
  readonly action: string
  /** Returns what is wrong, in a sentence; null if it succeeded. */
  readonly onAnswer: (form: FormData) => Promise<string | null>
  readonly after?: ReactNode
  readonly children: ReactNode
}

/** A form that shows its error above the button and keeps what was typed. */
export function AskForm({ lead, action, onAnswer, after, children }: AskProps) {
  const [problem, setProblem] = useState<string | null>(null)
  const [isBusy, setBusy] = useState(false)
  async function submit(submitted: FormEvent<HTMLFormElement>) {
    submitted.preventDefault()
    setBusy(true)
    setProblem(await onAnswer(new FormData(submitted.currentTarget)))
    setBusy(false)
  }
  return (
    <form className="sign-in-form" onSubmit={submit}>
      <p className="sign-in-lead">{lead}</p>
      {children}
      <p className="sign-in-problem" role="alert">
        {problem}
      </p>
      <Button type="submit" look="primary" disabled={isBusy}>
        {isBusy ? 'Please wait…' : action}
      </Button>
      {after}
    </form>
  )
}
