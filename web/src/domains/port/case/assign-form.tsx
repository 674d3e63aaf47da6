import { type KeyboardEvent, useId, useState } from 'react'
import { isUserName } from '#shared/core/access/principal.ts'
import { useAccess } from '#web/live/access.tsx'
import { describeFailure } from '#web/live/api.ts'
import { Button } from '#web/ui/form/button.tsx'
import { type Choice, choicesOf } from './choices.ts'
import { usePeople } from './use-people.ts'
import './assign-form.css'

type Props = {
  readonly assignee: string | null
  readonly refused: string | null
  readonly onAssign: (assignee: string | null) => void
}

/** Assigns an event to one of the people that the server knows. What is chosen is assigned at once. */
export function AssignForm({ assignee, refused, onAssign }: Props) {
  const { name } = useAccess()
  return (
    <div className="case-assign">
      <PersonBox assignee={assignee} refused={refused} onAssign={onAssign} />
      {assignee === name ? (
        <Button small look="quiet" refused={refused} onClick={() => onAssign(null)}>
          Leave it
        </Button>
      ) : (
        isUserName(name) && (
          <Button small look="quiet" refused={refused} onClick={() => onAssign(name)}>
            To me
          </Button>
        )
      )}
    </div>
  )
}

/** A text field with a list: https://www.w3.org/WAI/ARIA/apg/patterns/combobox/ */
function PersonBox({ assignee, refused, onAssign }: Props) {
  const id = useId()
  const { name } = useAccess()
  /** What was typed while the list is open; null while it is closed. */
  const [typed, setTyped] = useState<string | null>(null)
  const [active, setActive] = useState(0)
  const isOpen = typed !== null
  const { people, error, retry } = usePeople(typed ?? '', isOpen)
  const choices = isOpen ? choicesOf(people ?? [], { me: name, assignee, typed }) : []
  const at = Math.min(active, choices.length - 1)

  const open = (text: string) => {
    if (refused !== null) return
    setTyped(text)
    setActive(0)
  }
  const choose = (choice: Choice | undefined) => {
    if (choice === undefined) return
    setTyped(null)
    if (choice.assignee !== assignee) onAssign(choice.assignee)
  }
  function onKeyDown(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined) {
      if (!isOpen) open('')
      else if (choices.length > 0) setActive((at + step + choices.length) % choices.length)
    } else if (event.key === 'Enter' && isOpen) choose(choices[at])
    else if (event.key === 'Escape' && isOpen) setTyped(null)
    else return
    event.preventDefault()
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it is told that the focus left, and has no use of its own
    <div
      className="person-box"
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setTyped(null)
      }}
    >
      <label htmlFor={id}>Assignee</label>
      <input
        id={id}
        type="text"
        role="combobox"
        aria-expanded={isOpen}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={choices[at] ? `${id}-${at}` : undefined}
        autoComplete="off"
        spellCheck={false}
        placeholder={isOpen ? 'Search people' : 'Nobody'}
        maxLength={128}
        value={typed ?? assignee ?? ''}
        disabled={refused !== null}
        onChange={({ target }) => open(target.value)}
        onClick={() => isOpen || open('')}
        onKeyDown={onKeyDown}
      />
      <div className="person-list" hidden={!isOpen}>
        <div id={`${id}-list`} role="listbox" aria-label="People">
          {choices.map((choice, index) => (
            <Option
              key={choice.assignee}
              id={`${id}-${index}`}
              choice={choice}
              isActive={index === at}
              onChoose={() => choose(choice)}
            />
          ))}
        </div>
        <div className="person-note" role="status">
          {sayState(people !== undefined, error, choices.length)}
          {error !== null && (
            <Button small onClick={retry}>
              Try again
            </Button>
          )}
        </div>
      </div>
    </div>
  )
}

function sayState(isKnown: boolean, error: Error | null, count: number): string | null {
  if (error !== null) return `The people cannot be shown. ${describeFailure(error)}`
  if (!isKnown) return 'Loading the people…'
  return count === 0 ? 'Nobody has this name. Try another part of it.' : null
}

type OptionProps = {
  readonly id: string
  readonly choice: Choice
  readonly isActive: boolean
  readonly onChoose: () => void
}

function Option({ id, choice, isActive, onChoose }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the text field keeps the focus and names the active option
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys go to the text field
    <div
      id={id}
      className="person-option"
      role="option"
      aria-selected={isActive}
      ref={(element) => {
        if (isActive) element?.scrollIntoView({ block: 'nearest' })
      }}
      onMouseDown={(event) => event.preventDefault()}
      onClick={onChoose}
    >
      <span>{choice.label}</span>
      <small>{choice.note}</small>
    </div>
  )
}
