import { type FormEvent, useState } from 'react'
import { DEAD_LETTER_CODES, DEAD_LETTER_CONSUMERS } from '#shared/core/dead-letter.ts'
import { Button } from '#web/ui/form/button.tsx'
import { Field } from '#web/ui/form/field.tsx'
import { Segments } from '#web/ui/form/segments.tsx'
import type { Search } from '#web/ui/state/use-search-state.ts'
import { type LetterFilters, sayCode } from './letter.ts'

const STATUSES = [
  ['open', 'Open'],
  ['replayed', 'Replayed'],
  ['discarded', 'Discarded'],
] as const

const TEXTS = [
  ['topic', 'Topic', 'port-events'],
  ['source', 'Source', '/cranes/4'],
  ['type', 'Type', 'port.container.*'],
] as const
const TIMES = [
  ['from', 'From'],
  ['to', 'Until'],
] as const

type Props = { readonly filters: LetterFilters; readonly change: (changed: Search) => void }

/** What the list is about. It is in the address. */
export function LetterFilterBar({ filters, change }: Props) {
  const { status, code, consumer } = filters
  return (
    <search className="pipeline-filters">
      <Segments
        label="Status"
        value={STATUSES.find(([value]) => value === status)?.[0] ?? 'open'}
        options={STATUSES}
        onChange={(value) => change({ status: value === 'open' ? '' : value })}
      />
      <select aria-label="Code" value={code} onChange={({ target }) => change({ code: target.value })}>
        <option value="">Any reason</option>
        {DEAD_LETTER_CODES.map((one) => (
          <option key={one} value={one}>
            {sayCode(one)}
          </option>
        ))}
      </select>
      <select
        aria-label="Found by"
        value={consumer}
        onChange={({ target }) => change({ consumer: target.value })}
      >
        <option value="">Found by any</option>
        {DEAD_LETTER_CONSUMERS.map((one) => (
          <option key={one} value={one}>{`Found by ${one}`}</option>
        ))}
      </select>
      <MoreFilters key={JSON.stringify(filters)} filters={filters} change={change} />
    </search>
  )
}

/** What is typed, and sent with Enter or the button. */
function MoreFilters({ filters, change }: Props) {
  const [typed, setTyped] = useState<Search>({})
  const names = [...TEXTS, ...TIMES].map(([name]) => name)
  const isOpen = names.some((name) => filters[name] !== '')
  const textIn = (name: keyof LetterFilters) =>
    typed[name] ?? (name === 'from' || name === 'to' ? toLocal(filters[name]) : filters[name])
  function onSubmit(event: FormEvent) {
    event.preventDefault()
    change(
      Object.fromEntries(
        Object.entries(typed).map(([name, value]) => [
          name,
          name === 'from' || name === 'to' ? toInstant(value) : value.trim(),
        ]),
      ),
    )
  }
  return (
    <form className="letter-more" onSubmit={onSubmit}>
      <input
        type="search"
        aria-label="Text in the reason, the position, the id, the type or the source"
        placeholder="Text, then Enter"
        value={textIn('q')}
        onChange={({ target }) => setTyped({ ...typed, q: target.value })}
      />
      <details open={isOpen}>
        <summary>More filters</summary>
        <div className="letter-fields">
          {TEXTS.map(([name, label, example]) => (
            <Field key={name} label={label}>
              <input
                type="text"
                placeholder={example}
                value={textIn(name)}
                onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
              />
            </Field>
          ))}
          {TIMES.map(([name, label]) => (
            <Field key={name} label={label}>
              <input
                type="datetime-local"
                value={textIn(name)}
                onChange={({ target }) => setTyped({ ...typed, [name]: target.value })}
              />
            </Field>
          ))}
          <Button type="submit">Apply</Button>
        </div>
      </details>
    </form>
  )
}

/** Returns the instant of a local time, as RFC 3339; empty if it is none. */
function toInstant(local: string): string {
  const time = new Date(local)
  return Number.isNaN(time.getTime()) ? '' : time.toISOString()
}

/** Returns an instant as an input for local times takes it. */
function toLocal(instant: string): string {
  const time = new Date(instant)
  if (Number.isNaN(time.getTime())) return ''
  return new Date(time.getTime() - time.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
