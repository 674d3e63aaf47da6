import { cloneElement, type ReactElement, useId } from 'react'
import './field.css'

type Control = { id?: string; 'aria-invalid'?: boolean | undefined; 'aria-describedby'?: string | undefined }
type Props = { label: string; hint?: string; error?: string | null; children: ReactElement<Control> }

/** A control with its label and a hint or an error. */
export function Field({ label, hint, error, children }: Props) {
  const id = useId()
  const note = error ?? hint
  const control = cloneElement(children, {
    id,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': note ? `${id}-note` : undefined,
  })
  return (
    <div className={error ? 'field field-bad' : 'field'}>
      <label htmlFor={id}>{label}</label>
      {control}
      {note && (
        <small id={`${id}-note`} role={error ? 'alert' : undefined}>
          {note}
        </small>
      )}
    </div>
  )
}
