import { useEffect, useRef, useState } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import type { AuthenticatorKey, Session, SessionState } from '../auth/session.ts'
import type { Config } from '../live/config.ts'
import { AskForm } from './ask-form.tsx'
import { AuthenticatorFields, CodeField, codeOf } from './authenticator-fields.tsx'
import './sign-in-page.css'

type Props = {
  readonly session: Session
  readonly state: Exclude<SessionState, { status: 'signed_in' }>
  readonly demoUsers: Config['demoUsers']
}

/** The page until a user is signed in: the form, or that of a further step. */
export function SignInPage({ session, state, demoUsers }: Props) {
  const { status } = state
  const card = useRef<HTMLDivElement>(null)
  const shown = useRef(status)
  // At the first form the user decides where to begin. A step replaces the form that had the focus.
  useEffect(() => {
    if (shown.current !== status && shown.current !== 'loading') card.current?.querySelector('input')?.focus()
    shown.current = status
  }, [status])
  return (
    <main className="sign-in">
      <div className="sign-in-card" ref={card}>
        <h1>
          <img src="/icon.svg" alt="" width="34" height="34" /> Tidewire
        </h1>
        {status === 'loading' && state.problem === undefined && <Loading what="your session" lines={5} />}
        {status === 'loading' && state.problem !== undefined && (
          <Waiting session={session} problem={state.problem} />
        )}
        {status === 'new_password' && <NewPasswordForm session={session} />}
        {status === 'code' && <CodeForm session={session} />}
        {status === 'authenticator' && (
          <AuthenticatorForm session={session} secret={state.secret} link={state.link} />
        )}
        {status === 'signed_out' && (
          <SignInForm session={session} notice={state.notice} demoUsers={demoUsers} />
        )}
      </div>
    </main>
  )
}

/** The page of a user whose session cannot be looked up: it goes on by itself. */
function Waiting({ session, problem }: { session: Session; problem: string }) {
  return (
    <div role="status">
      <StateMessage kind="offline" title="Waiting for the sign-in service" detail={problem}>
        <Button onClick={session.retry}>Try now</Button>
        <Button onClick={session.startAgain}>Sign in again</Button>
      </StateMessage>
    </div>
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

type StepProps = { readonly session: Session }

function NewPasswordForm({ session }: StepProps) {
  return (
    <AskForm
      lead="Your password was set by an administrator. Choose your own."
      action="Save and sign in"
      onAnswer={(form) => session.answer(String(form.get('password')))}
      after={<StartAgain session={session} />}
    >
      <Field label="New password" hint="At least 12 characters.">
        <input name="password" type="password" autoComplete="new-password" minLength={12} required />
      </Field>
    </AskForm>
  )
}

function CodeForm({ session }: StepProps) {
  return (
    <AskForm
      lead="Your account has two-step sign-in."
      action="Sign in"
      onAnswer={(form) => session.answer(codeOf(form))}
      after={<StartAgain session={session} />}
    >
      <CodeField />
    </AskForm>
  )
}

function AuthenticatorForm({ session, secret, link }: StepProps & AuthenticatorKey) {
  return (
    <AskForm
      lead="Every sign-in here needs a code of an authenticator app besides the password. Set it up now, within 15 minutes."
      action="Save and sign in"
      onAnswer={(form) => session.answer(codeOf(form))}
      after={<StartAgain session={session} />}
    >
      <AuthenticatorFields secret={secret} link={link} />
    </AskForm>
  )
}

function StartAgain({ session }: StepProps) {
  return (
    <Button look="quiet" onClick={session.startAgain}>
      Begin again
    </Button>
  )
}
