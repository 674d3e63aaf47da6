import { useId, useRef, useState } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import type { AuthenticatorKey } from '../auth/session.ts'
import './authenticator-fields.css'

/** Returns the code of a form with a `CodeField`, without the blank that apps show in its middle. */
export function codeOf(form: FormData): string {
  return String(form.get('code')).replaceAll(/\s/g, '')
}

/** The field for a code of an authenticator app. */
export function CodeField({ hint = 'The six digits that your authenticator app shows for Tidewire.' }) {
  return (
    <Field label="Code" hint={hint}>
      <input
        name="code"
        type="text"
        inputMode="numeric"
        autoComplete="one-time-code"
        pattern="\s*\d{3}\s*\d{3}\s*"
        maxLength={9}
        title="Six digits"
        required
        className="authenticator-code"
      />
    </Field>
  )
}

/** How to give an authenticator app its key, with the field for the first code. */
export function AuthenticatorFields({ secret, link }: AuthenticatorKey) {
  return (
    <>
      <ol className="authenticator-steps">
        <li>Open an authenticator app on your phone, or your password manager.</li>
        <li>
          Add an account with this key, or <a href={link}>open an app of this device</a>:
          <Secret secret={secret} />
        </li>
        <li>Enter the code that the app shows.</li>
      </ol>
      <CodeField hint="The six digits that the app shows, once you have given it the key above." />
    </>
  )
}

/** The key in groups of four, which are easier to type. It is copied without the blanks. */
function Secret({ secret }: { readonly secret: string }) {
  const [result, setResult] = useState('')
  const key = useRef<HTMLElement>(null)
  const id = useId()
  async function copy() {
    try {
      await navigator.clipboard.writeText(secret)
      setResult('Copied')
    } catch {
      // Not every browser allows it: the user copies what is selected.
      if (key.current) getSelection()?.selectAllChildren(key.current)
      setResult('Selected: copy it')
    }
  }
  return (
    <div className="authenticator-key">
      <code ref={key} id={id}>
        {secret.match(/.{1,4}/g)?.join(' ')}
      </code>
      <Button small aria-describedby={id} onClick={() => void copy()}>
        Copy the key
      </Button>
      <span role="status">{result}</span>
    </div>
  )
}
