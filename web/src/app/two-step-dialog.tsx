import { useEffect, useRef, useState } from 'react'
import type { Authenticator, AuthenticatorKey } from '#web/auth/session.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { announce } from '#web/ui/overlay/announcer.tsx'
import { Dialog } from '#web/ui/overlay/dialog.tsx'
import type { TwoStepSignIn } from '../live/access.tsx'
import { AskForm } from './ask-form.tsx'
import { AuthenticatorFields, codeOf } from './authenticator-fields.tsx'

type Props = { readonly twoStep: TwoStepSignIn; readonly onClose: () => void }

type State =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly problem: string }
  /** Whether codes are asked for at sign-in. */
  | { readonly kind: 'on' | 'off' }
  | { readonly kind: 'setup'; readonly key: AuthenticatorKey }

const LEAD = 'Besides the password, sign-in then asks for a code of an authenticator app.'

/** Sets up an authenticator app for the signed-in user, or turns its codes off. */
export function TwoStepDialog({ twoStep, onClose }: Props) {
  const [state, setState] = useState<State>({ kind: 'loading' })
  const body = useRef<HTMLDivElement>(null)
  const { load } = twoStep

  async function begin(authenticator: Authenticator) {
    setState({ kind: 'setup', key: await authenticator.begin() })
  }
  /** Does something with the app, and shows why it failed. */
  async function attempt(work: (authenticator: Authenticator) => Promise<void>) {
    try {
      await work(await load())
    } catch (error) {
      setState({ kind: 'failed', problem: problemOf(error) })
    }
  }
  async function confirm(code: string): Promise<string | null> {
    try {
      await (await load()).confirm(code)
    } catch (error) {
      return problemOf(error)
    }
    announce('Two-step sign-in is on.')
    setState({ kind: 'on' })
    return null
  }
  async function turnOff(authenticator: Authenticator) {
    await authenticator.turnOff()
    announce('Two-step sign-in is off.')
    onClose()
  }

  useEffect(() => {
    let isOpen = true
    async function look(): Promise<State> {
      try {
        const authenticator = await load()
        return { kind: (await authenticator.isOn()) ? 'on' : 'off' }
      } catch (error) {
        return { kind: 'failed', problem: problemOf(error) }
      }
    }
    void look().then((found) => isOpen && setState(found))
    return () => {
      isOpen = false
    }
  }, [load])
  useEffect(() => {
    if (state.kind === 'loading') return
    const first = body.current?.querySelector('input') ?? body.current?.querySelector('button')
    first?.focus()
  }, [state.kind])

  return (
    <Dialog open title="Two-step sign-in" lead={LEAD} onClose={onClose}>
      <div ref={body}>
        {state.kind === 'loading' && <Loading what="your two-step sign-in" lines={5} />}
        {state.kind === 'failed' && (
          <StateMessage kind="error" title="This did not work" detail={state.problem}>
            <Button onClick={onClose}>Close</Button>
          </StateMessage>
        )}
        {state.kind === 'off' && (
          <div className="sign-in-form">
            <p>It is off: your password alone lets you in.</p>
            <Button look="primary" onClick={() => void attempt(begin)}>
              Set it up
            </Button>
          </div>
        )}
        {state.kind === 'on' && (
          <div className="sign-in-form">
            <p>It is on: the next sign-in asks for a code.</p>
            {twoStep.isRequired ? (
              <Button onClick={() => void attempt(begin)}>Set up another app instead</Button>
            ) : (
              <Button look="danger" onClick={() => void attempt(turnOff)}>
                Turn it off
              </Button>
            )}
          </div>
        )}
        {state.kind === 'setup' && (
          <AskForm
            lead="Keep the key secret. With the app lost, only an administrator can let you in."
            action="Turn it on"
            onAnswer={(form) => confirm(codeOf(form))}
          >
            <AuthenticatorFields {...state.key} />
          </AskForm>
        )}
      </div>
    </Dialog>
  )
}

function problemOf(error: unknown): string {
  const isForUsers = error instanceof Error && error.name === 'SignInError'
  return isForUsers ? error.message : 'The sign-in service could not be reached. Try again.'
}
