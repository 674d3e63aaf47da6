import { isValidElement, type ReactNode } from 'react'
import { Button } from '#web/ui/form/button.tsx'
import { labelOf } from '#web/ui/form/schema-form.tsx'
import { useSearchState } from '#web/ui/state/use-search-state.ts'

type Props = { readonly title: string; readonly facts: Readonly<Record<string, unknown>> }

/** Names and values. What is no text is shown as JSON. */
export function Facts({ title, facts }: Props) {
  return (
    <section>
      <h3>{title}</h3>
      <dl className="facts">
        {Object.entries(facts).map(([name, value]) => (
          <div key={name}>
            <dt>{labelOf(name)}</dt>
            <dd>{say(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

type EventRef = { readonly id: string; readonly type: string }

/** What follows from another event names it. */
function causeOf(value: unknown): EventRef | null {
  const { id, source, type } = (value ?? {}) as Partial<Record<string, unknown>>
  return typeof id === 'string' && typeof source === 'string' && typeof type === 'string'
    ? { id, type }
    : null
}

function Cause({ id, type }: EventRef) {
  const [, change] = useSearchState()
  return (
    <Button small onClick={() => change({ event: id }, 'push')}>
      {type}
    </Button>
  )
}

function say(value: unknown): ReactNode {
  const cause = causeOf(value)
  if (cause) return <Cause {...cause} />
  if (isValidElement(value) || typeof value === 'string' || typeof value === 'number') return value
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return <code>{JSON.stringify(value)}</code>
}
