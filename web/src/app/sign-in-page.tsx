import { type FormEvent, type ReactNode, useState } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Loading } from '#web/ui/layout/state-message.tsx'
import type { Session, SessionState } from '../auth/session.ts'
import type { Config } from '../live/config.ts'
import './sign-in-page.css'

type Props = {
  readonly session: Session
  readonly state: Exclude<SessionState, { status: 'signed_in' }>
  readonly demoUsers: Config['demoUsers']
}

/** The page until a user is signed in: the form, or that for a new password. */
export function SignInPage({ session, state, demoUsers }: Props) {
  const { status } = state
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <h1>
          <img src="/icon.svg" alt="" width="34" height="34" /> Tidewire
        </h1>
        {status === 'loading' && <Loading what="your session" lines={5} />}
        {status === 'new_password' && <NewPasswordForm session={session} />}
        {status === 'signed_out' && (
          <SignInForm session={session} notice={state.notice} demoUsers={demoUsers} />
        )}
      </div>
    </main>
  )
}

type SignInProps = Pick<Props, 'session' | 'demoUsers'> & { readonly notice: string | undefined }

function SignInForm({ session, notice, demoUsers }: SignInProps) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  function choose(one: string) {
    setEmail(one)
    setPassword(demoUsers?.password ?? '')
  }
  return (
    <AskForm
      lead={notice ?? 'Sign in to continue.'}
      action="Sign in"
      onAnswer={() => session.signIn(email, password)}
      after={
        demoUsers && (
          <fieldset className="sign-in-demo">
            <legend>Users on this machine</legend>
            {demoUsers.emails.map((one) => (
              <Button key={one} small onClick={() => choose(one)}>
                {one.split('@')[0]}
              </Button>
            ))}
          </fieldset>
        )
      }
    >
      <Field label="E-mail address">
        <input
          type="email"
          autoComplete="username"
          required
          value={email}
          onChange={({ target }) => setEmail(target.value)}
        />
      </Field>
      <Field label="Password">
        <input
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={({ target }) => setPassword(target.value)}
        />
      </Field>
    </AskForm>
  )
}

function NewPasswordForm({ session }: { session: Session }) {
  return (
    <AskForm
      lead="Your password was set by an administrator. Choose your own."
      action="Save and sign in"
      onAnswer={(form) => session.setNewPassword(String(form.get('password')))}
    >
      <Field label="New password" hint="At least 12 characters.">
        <input name="password" type="password" autoComplete="new-password" minLength={12} required />
      </Field>
    </AskForm>
  )
}

type AskProps = {
  readonly lead: string
  readonly action: string
  /** Returns what is wrong, in a sentence; null if it succeeded. */
  readonly onAnswer: (form: FormData) => Promise<string | null>
  readonly after?: ReactNode
  readonly children: ReactNode
}

/** A form that shows its error above the button and keeps what was typed. */
function AskForm({ lead, action, onAnswer, after, children }: AskProps) {
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
